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

/* A part that is no multipart container. */
struct mime_part {
	struct view headers;  /* its own block, from the first byte of the part */
	struct view type;     /* "text/x-shellscript"; as written, compare without case; text/plain if none is given */
	struct view encoding; /* Content-Transfer-Encoding, empty if none */
	struct view body;     /* still encoded, without the line end that belongs to the delimiter */
	bool        message;  /* message/…: no body of its own, its content follows as parts */
};

/* What a mail reader passes over in silence; where: the bytes that are meant. */
enum mime_event {
	MIME_CONTAINER,        /* nothing wrong: a container with a boundary begins: its headers */
	MIME_NO_BOUNDARY,      /* a container without a boundary parameter: where its headers are */
	MIME_NO_DELIMITER,     /* no line opens a first part: the container's headers */
	MIME_NO_CLOSING,       /* the end came before the closing delimiter: the last delimiter */
	MIME_EMPTY_LAST,       /* nothing follows the last delimiter, which does not close: that delimiter */
	MIME_SWALLOWED,        /* a delimiter right after another is passed over, even if it closes: the second */
	MIME_NO_BLANK_LINE,    /* headers ended by a line that cannot be one: that line */
	MIME_BEFORE,           /* text before the first delimiter, dropped */
	MIME_AFTER,            /* text after the closing delimiter, dropped */
};

/* part: 0 goes on, anything else ends the walk and is returned by it. event may be NULL. */
struct mime_sink {
	int  (*part)(const struct mime_part *part, void *ctx);
	void (*event)(enum mime_event event, struct view where, void *ctx);
	void *ctx;
};

/* Whether cloud-init would take it for MIME at all: "mime-version:" in any case in the first 4096 bytes. */
bool mime_is(struct view document);

/* Gives each part in order, depth first. -EMSGSIZE when nested deeper than MIME_DEPTH_MAX. */
int mime_walk(struct view document, const struct mime_sink *sink, struct err *e) MUST_CHECK;

#endif
