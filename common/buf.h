/* Growing bytes with a hard limit: whatever comes from outside is collected in one of these. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>

#include "common/attr.h"
#include "common/view.h"

struct buf {
	char  *p;     /* always NUL-terminated once something was added; NULL before */
	size_t len;   /* without that NUL */
	size_t cap;
	size_t limit; /* 0: BUF_DEFAULT_LIMIT */
};

enum { BUF_DEFAULT_LIMIT = 16 << 20 };

/* Both answer 0, -EMSGSIZE (over the limit; what was there stays) or -ENOMEM. */
int buf_add(struct buf *b, const void *data, size_t n) MUST_CHECK;
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

void buf_clear(struct buf *b);          /* forget the bytes, keep the memory */
void buf_drop(struct buf *b, size_t n); /* forget the first n bytes */
void buf_done(struct buf *b);           /* give the memory back; zeroed first, it may have held a secret */
struct view buf_view(const struct buf *b);

#define AUTO_BUF CLEANUP(buf_done) struct buf

#endif
