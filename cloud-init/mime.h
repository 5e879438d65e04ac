/*
 * MIME documents as cloud-init's parser (Python's email package) reads them: liberal, never failing but for limits.
 * Works on bytes; what it gives are views into the caller's document.
 */
#ifndef CLOUD_INIT_MIME_H
#define CLOUD_INIT_MIME_H

#include <stdbool.h>

#include "common/err.h"
#include "common/view.h"

enum { MIME_DEPTH_MAX = 64, MIME_SNIFF_BYTES = 4096 };

/* A part that is no container. */
struct mime_part {
	struct view type;     /* "text/x-shellscript"; as written, compare without case; text/plain if none is given */
	struct view encoding; /* Content-Transfer-Encoding, empty if none */
	struct view body;     /* still encoded, without the line end that belongs to the delimiter */
};

/* 0 goes on, anything else ends the walk and is returned by it. */
typedef int mime_part_fn(const struct mime_part *part, void *ctx);

/* Whether cloud-init would take it for MIME at all: "mime-version:" in any case in the first 4096 bytes. */
bool mime_is(struct view document);

/* Calls fn for each part in order, depth first. -EMSGSIZE when nested deeper than MIME_DEPTH_MAX. */
int mime_walk(struct view document, mime_part_fn *fn, void *ctx, struct err *e) MUST_CHECK;

#endif
