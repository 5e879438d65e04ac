/* Where the user data comes from: a file that was named, IMDS, or cloud-init's own copy, in this order. */
#ifndef BOOTSTRAP_FETCH_H
#define BOOTSTRAP_FETCH_H

#include "common/buf.h"
#include "common/err.h"

struct fetch {
	int         root;
	const char *file;            /* NULL: ask IMDS */
	unsigned    imds_timeout_ms; /* for all tries together */
};

struct fetched {
	struct buf  bytes;
	const char *from; /* for messages; static */
	struct err  imds; /* why IMDS did not serve; code 0 if it did or was not asked */
};

enum { FETCH_NONE = 1 }; /* there is no user data */

/* 0, FETCH_NONE, or negative when it cannot be known whether there is any. ret->bytes is the caller's in every case. */
int fetch_userdata(const struct fetch *f, struct fetched *ret, struct err *e) MUST_CHECK;

#endif
