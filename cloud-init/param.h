/* Parameters of a header value ("; name=value"), with the pieces and encodings of RFC 2231, as Python's email package reads them. */
#ifndef CLOUD_INIT_PARAM_H
#define CLOUD_INIT_PARAM_H

#include "common/buf.h"
#include "common/view.h"

enum { PARAM_ABSENT = 1, PARAM_PIECES_MAX = 64 };

/* Appends the value of the parameter (any case), unquoted; of those in pieces or encoded, as UTF-8. PARAM_ABSENT; negative as buf_add. */
int param_get(struct view header, const char *name, struct buf *ret) MUST_CHECK;

#endif
