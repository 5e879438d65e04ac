/* The hashes we need, by OpenSSL's libcrypto, which is loaded when one is asked for first: most runs of most verbs need none. */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include "common/err.h"
#include "common/view.h"

enum { SHA256_LEN = 32 };

/* 0, -ELIBACC (this host has no libcrypto, or one that lacks what we call) or -EIO. No sentence: the caller knows what for. */
int sha256(struct view data, unsigned char ret[SHA256_LEN]) MUST_CHECK;
int hmac_sha256(struct view key, struct view data, unsigned char ret[SHA256_LEN]) MUST_CHECK;

/* The lower case hexadecimal digits of n bytes, NUL-terminated: 2 * n + 1 characters. Pure. */
void hex_of(const unsigned char *bytes, size_t n, char *ret);

#endif
