/* Lines of a mail document: they end in LF, CRLF or a lone CR, mixed as they come. */
#ifndef CLOUD_INIT_LINE_H
#define CLOUD_INIT_LINE_H

#include <stdbool.h>

#include "common/view.h"

/* Cuts the next line off *rest, without its line end. false when nothing is left. */
bool line_next(struct view *rest, struct view *line);

/* v without one line end at its end. */
struct view line_chop(struct view v);

/* Counting through a document once, in ascending places: start with { .rest = document, .line = 1 }. */
struct line_count {
	struct view rest;
	unsigned    line;
};
unsigned line_at(struct line_count *c, const char *at); /* 1 is the first line */

#endif
