/* What `bake` and `seal` do to a root that becomes an image: each step, told to whoever asked. */
#ifndef BOOTSTRAP_IMAGE_STEP_H
#define BOOTSTRAP_IMAGE_STEP_H

#include <stdbool.h>

#include "common/err.h"

enum image_step { STEP_MADE, STEP_ENABLED, STEP_PLACED, STEP_REMOVED, STEP_CHANGED, STEP_FAILED };

struct image_job {
	int         root;
	const char *root_path; /* NULL: the running system's */
	bool        dry;       /* nothing is written; what would be done is told */
	void (*tell)(void *ctx, enum image_step step, const char *what, const struct err *why); /* why: of STEP_FAILED only */
	void       *ctx;
	unsigned    failed;    /* steps so far */
};

/* Says that a step failed, and counts it. */
void image_failed(struct image_job *j, const char *what, const struct err *why);

#endif
