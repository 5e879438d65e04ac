/*
 * The certificate by which a mount target knows its client, as amazon-efs-utils 3.2 makes it, byte for byte, and the RSA key
 * of this host. What it says about the mount is made by authorization.h; how it is signed and who may use it is here.
 */
#ifndef EFS_CERTIFICATE_H
#define EFS_CERTIFICATE_H

#include <stdint.h>
#include <time.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/sigv4.h"
#include "common/view.h"

#define PATH_EFS_KEY "/etc/amazon/efs/privateKey.pem" /* one a host, shared with efs-utils where that is installed */

/* A key that somebody else made may be shorter. Certificates are valid since before they are made: clocks differ. */
enum { EFS_KEY_BITS = 3072, EFS_KEY_BITS_MIN = 2048, EFS_CERTIFICATE_EARLY_S = 900, EFS_CERTIFICATE_VALID_S = 10800 };

struct efs_key; /* an RSA key pair */
void efs_key_freep(struct efs_key **k);
#define AUTO_EFS_KEY CLEANUP(efs_key_freep) struct efs_key

/* From PEM, not encrypted. 0, or -EBADMSG (no such key, or too short). */
int efs_key_parse(struct view pem, struct efs_key **ret, struct err *e) MUST_CHECK;

/* The key in PATH_EFS_KEY below root. Made (some seconds) where there is none; of several who do so at once all get one's key. */
int efs_key_load(int root, struct efs_key **ret, struct err *e) MUST_CHECK;

struct efs_certificate_request {
	const char             *common_name;  /* the host's name; its first 64 bytes are used */
	const char             *file_system;  /* fs-… */
	const char             *access_point; /* fsap-…; NULL or empty: none */
	const char             *region;
	const char             *source, *version; /* who mounts: "ecs.ec2", "3.2.0" */
	const struct sigv4_key *credentials;  /* NULL: the mount is not signed for (no IAM) */
	uint32_t                serial;
	time_t                  now;
};

/* A certificate with its key; the key is shared. OpenSSL's own types, for tls.c. */
struct efs_identity {
	struct x509_st     *certificate;
	struct evp_pkey_st *key;
	uint32_t            serial;
	time_t              expires;
};
void efs_identity_freep(struct efs_identity **i);
#define AUTO_EFS_IDENTITY CLEANUP(efs_identity_freep) struct efs_identity

/* 0 and *ret, which the caller frees; the key may be freed before it. */
int efs_identity_new(const struct efs_key *key, const struct efs_certificate_request *rq, struct efs_identity **ret,
		     struct err *e) MUST_CHECK;

/* The certificate's DER, appended; as buf_add. */
int efs_identity_der(const struct efs_identity *i, struct buf *der) MUST_CHECK;

#endif
