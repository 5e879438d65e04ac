/* AWS Signature Version 4 in the Authorization header. Pure: time and keys come in, nothing is sent or looked up. */
#ifndef COMMON_SIGV4_H
#define COMMON_SIGV4_H

#include <stdbool.h>
#include <time.h>

#include "common/buf.h"
#include "common/err.h"

enum {
	SIGV4_HASH_SIZE = 65, /* 64 hexadecimal digits and NUL */
	SIGV4_TIME_SIZE = 17, /* 20150830T123600Z and NUL */
	SIGV4_HEADERS_MAX = 32,
	SIGV4_QUERY_MAX = 64, /* parameters */
};

struct sigv4_key {
	const char *id, *secret;
	const char *token; /* of a session; NULL: none */
};

/* What will be sent, as it will be sent: path and query are percent-encoded already. */
struct sigv4_request {
	const char        *method;
	const char        *host;    /* with ":port" if the Host header has one */
	const char        *path;    /* starts with '/' */
	const char        *query;   /* without '?', parameters in any order; NULL or "": none */
	const char *const *headers; /* "Name: value", NULL-terminated; all are signed; may be NULL */
	const char        *payload_hash; /* sigv4_hash() of the body */
	const char        *time;    /* sigv4_time() */
	const char        *region, *service;
};

/*
 * Appends the value of the Authorization header. Besides the given headers it signs Host, X-Amz-Date (the time) and, with
 * a token, X-Amz-Security-Token, which the caller must send too. "s3" is signed with its path as it is, every other
 * service with its path encoded once more, as AWS wants it. 0, -E2BIG, -ENOMEM, -EIO (no SHA-256 here).
 */
int sigv4_sign(const struct sigv4_request *rq, const struct sigv4_key *key, struct buf *b, struct err *e) MUST_CHECK;

/* The last step, for what is signed in another form: the hexadecimal HMAC of to_sign. 0, -E2BIG, or as hmac_sha256. */
int sigv4_signature(const char *secret, const char *time, const char *region, const char *service, const char *to_sign,
		    char ret[SIGV4_HASH_SIZE]) MUST_CHECK;

int sigv4_hash(struct view data, char ret[SIGV4_HASH_SIZE]) MUST_CHECK;
void sigv4_time(time_t t, char ret[SIGV4_TIME_SIZE]);

/* Appends text with every byte but A-Z a-z 0-9 - . _ ~ percent-encoded, and '/' left alone if it separates. */
int sigv4_encode(struct view text, bool keep_slash, struct buf *b) MUST_CHECK;

#endif
