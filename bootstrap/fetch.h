/* Where the user data comes from: a file that was named, IMDS, or cloud-init's own copy, in this order. */
#ifndef BOOTSTRAP_FETCH_H
#define BOOTSTRAP_FETCH_H

#include "common/buf.h"
#include "common/err.h"
#include "common/imds.h"

struct fetch {
	int         root;
	const char *file;            /* NULL: ask IMDS */
	const char *also;            /* a file with one more part of ours, after those of the user data; NULL: none */
	unsigned    imds_timeout_ms; /* for all tries together */
};

struct fetched {
	struct buf   bytes;
	struct imds *service; /* open if IMDS served; the caller frees it */
	const char *from; /* for messages; static */
	struct err  imds; /* why IMDS did not serve; code 0 if it did or was not asked */
};

enum {
	FETCH_NONE = 1, /* there is no user data */
	FETCH_OFF = 2,  /* the metadata service is switched off and there is no copy: nothing can be known, nothing is wrong */
};

/* 0, one of the above, or negative when it should be known and is not. ret->bytes is the caller's in every case. */
int fetch_userdata(const struct fetch *f, struct fetched *ret, struct err *e) MUST_CHECK;

#endif
