/* What Docker answers to POST /images/load: lines of JSON, status 200 even when the tar was bad. Pure but for the err. */
#ifndef INIT_ENGINE_LOAD_REPLY_H
#define INIT_ENGINE_LOAD_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/view.h"

enum { LOAD_LINE_MAX = 4096 }; /* what is over is passed over */

struct load_reply {
	const char *image;      /* given: the one that should come */
	char   line[LOAD_LINE_MAX];
	size_t len;
	bool   failed, brought; /* an error was said; the image came */
	char   error[300];
	char   other[160];      /* another image that came; empty: none */
};

/* Takes the next bytes, cut anywhere. */
void load_reply_add(struct load_reply *r, struct view chunk);

/* After the last byte. 0 (also when no name was said at all), -EREMOTEIO with Docker's words, -ENOENT: another image came. */
int load_reply_end(struct load_reply *r, struct err *e) MUST_CHECK;

#endif
