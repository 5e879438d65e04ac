/* UTF-8: what is valid, and making valid what is not. */
#ifndef CLOUD_INIT_UTF8_H
#define CLOUD_INIT_UTF8_H

#include "common/buf.h"
#include "common/view.h"

/* Bytes of the character at the start of v; 0 if there is no valid one. */
size_t utf8_char(struct view v);

/* Where the first invalid byte stands; v.len if there is none. */
size_t utf8_find_invalid(struct view v);

/* Appends text as UTF-8; what its encoding does not know becomes U+FFFD. Errors as buf_add. */
enum utf8_source { UTF8_FROM_UTF8, UTF8_FROM_ASCII, UTF8_FROM_LATIN1 };
int utf8_from(struct view text, enum utf8_source source, struct buf *ret) MUST_CHECK;

#endif
