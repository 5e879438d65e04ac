/*
 * What an EFS mount target learns from the client's certificate, as DER: which file system, through which access point, and
 * with whose signature. Pure. The formats are those of amazon-efs-utils 3.2, field for field; the tests hold recorded vectors.
 */
#ifndef EFS_AUTHORIZATION_H
#define EFS_AUTHORIZATION_H

#include "common/buf.h"
#include "common/sigv4.h"

/* Object identifiers of the extensions. */
#define EFS_OID_ACCESS_POINT "1.3.6.1.4.1.4843.7.1"
#define EFS_OID_AUTH         "1.3.6.1.4.1.4843.7.2"
#define EFS_OID_FILE_SYSTEM  "1.3.6.1.4.1.4843.7.3"
#define EFS_OID_CLIENT       "1.3.6.1.4.1.4843.7.4"

struct efs_authorization {
	const char      *file_system; /* fs-… */
	const char      *region;
	const char      *service;     /* "elasticfilesystem" */
	const char      *public_key_hash; /* SHA-1 of the certificate's public key, 40 hexadecimal digits */
	time_t           now;
	struct sigv4_key key;
};

/* The hexadecimal signature of the request to connect. 0 or negative (as sigv4_signature), no sentence. */
int efs_authorization_sign(const struct efs_authorization *a, char ret[SIGV4_HASH_SIZE]) MUST_CHECK;

/* The value of EFS_OID_AUTH: key id, signature, time, token. Appended to *der. */
int efs_authorization_der(const struct efs_authorization *a, struct buf *der) MUST_CHECK;

/* A UTF8String, the value of EFS_OID_ACCESS_POINT and EFS_OID_FILE_SYSTEM. */
int efs_text_der(const char *text, struct buf *der) MUST_CHECK;

/* The value of EFS_OID_CLIENT: who mounts ("ecs.ec2") and with which version. */
int efs_client_der(const char *source, const char *version, struct buf *der) MUST_CHECK;

#endif
