/* One detached OpenPGP signature: armor off, fields found, and said what has to be hashed. Pure; source: RFC 9580, sections 4 to 6. */
#ifndef INIT_ENGINE_OPENPGP_H
#define INIT_ENGINE_OPENPGP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/view.h"

/* Numbers of RFC 9580, 9.5. Older hashes are refused: a SHA-1 collision costs little. */
enum openpgp_hash { OPENPGP_SHA256 = 8, OPENPGP_SHA384 = 9, OPENPGP_SHA512 = 10 };

enum {
	OPENPGP_ARMOR_MAX = 16 << 10, /* bytes of a signature file; real ones have 833 */
	OPENPGP_BODY_MAX = 4 << 10,
	OPENPGP_KEY_ID = 8,
	OPENPGP_TRAILER = 6,
};

struct openpgp_signature {
	unsigned char     body[OPENPGP_BODY_MAX];
	size_t            signed_len;               /* so many bytes of body are hashed behind the file … */
	unsigned char     trailer[OPENPGP_TRAILER]; /* … and then these */
	enum openpgp_hash hash;
	bool              has_issuer;
	unsigned char     issuer[OPENPGP_KEY_ID];   /* id of the key that it says it was made with */
	unsigned char     left[2];                  /* the digest's first two bytes: tells damage from another key */
	size_t            value_at, value_len;      /* the RSA number in body, most significant byte first, no zeros before it */
};

/*
 * Takes exactly one armored version 4 signature of a binary document by RSA with SHA-256, SHA-384 or SHA-512.
 * 0, or -EBADMSG (it is none, damaged, or something follows it) or -ENOTSUP (of another kind) with the cause alone in *e.
 */
int openpgp_read(struct view armored, struct openpgp_signature *ret, struct err *e) MUST_CHECK;

#endif
