/* Undoing what carries user data: transfer encodings of parts, base64 and gzip of the whole. Pure but for memory; every output is limited. */
#ifndef CLOUD_INIT_DECODE_H
#define CLOUD_INIT_DECODE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/view.h"

/* As a mail reader does it: foreign characters are skipped, missing padding is fine. Appends; errors as buf_add. */
int decode_base64(struct view text, struct buf *b) MUST_CHECK;

/* A '=' that starts no escape is kept as it is. */
int decode_quoted_printable(struct view text, struct buf *b) MUST_CHECK;

/* Nothing but base64 and white space, and at least one whole group: worth a try on a whole document. */
bool looks_like_base64(struct view text);
bool looks_like_gzip(struct view text);

/* All members. -EMSGSIZE over b's limit (a bomb stops there), -EBADMSG if it is cut short or damaged; a sentence in both. */
int decode_gzip(struct view text, struct buf *b, struct err *e) MUST_CHECK;

#endif
