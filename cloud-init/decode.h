/* Undoing what carries user data: transfer encodings of parts, base64 and gzip of the whole. Pure but for memory; every output is limited. */
#ifndef CLOUD_INIT_DECODE_H
#define CLOUD_INIT_DECODE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/view.h"

/* Transfer encodings, as Python's email package undoes them. All append; errors as buf_add. */
typedef int decode_fn(struct view text, struct buf *b);

/* Foreign characters are skipped, missing padding is fine. One digit too many: the text itself, without its line ends. */
decode_fn decode_base64 MUST_CHECK;

/* A '=' that starts no escape is kept as it is, but for one at the very end. */
decode_fn decode_quoted_printable MUST_CHECK;

/* Without a "begin" or "end" line: the text itself. */
decode_fn decode_uuencode MUST_CHECK;

/* The decoder of a Content-Transfer-Encoding, which must be exactly its name in any case. NULL: the body stands as it is. */
decode_fn *decode_for(struct view encoding);

int hex_digit(char c); /* -1: is none */

/* Nothing but base64: also no white space, as cloud-init wants it of a whole document. */
bool is_strict_base64(struct view text);

/* Nothing but base64 and white space, and at least one whole group. */
bool looks_like_base64(struct view text);
bool looks_like_gzip(struct view text);

/*
 * All members; zeros after the last are padding. -EMSGSIZE over b's limit (a bomb stops there), -EBADMSG if it is cut
 * short, damaged or followed by something else; a sentence in both.
 */
int decode_gzip(struct view text, struct buf *b, struct err *e) MUST_CHECK;

/* What gzip would make of text, in bytes; 0 if that cannot be said. */
size_t gzip_size(struct view text);

#endif
