/* How failures travel: one contract for every function that can fail. */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/attr.h"

/*
 * 0   it worked.
 * <0  it failed: a negative errno; *e holds a sentence "verb object: cause". Pass it up as it is or with err_wrap().
 * >0  a named outcome of that module (IMDS_ABSENT, …). The caller must handle it; *e is untouched.
 *
 * The text lives in the caller's frame, so reporting an error never allocates and never leaks.
 */
struct err {
	int  code;
	char text[768];
};

/* Sets *e to "FMT: strerror(-code)". A code that is not negative becomes -EINVAL. Returns the code. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Sets *e to FMT alone, for causes that no errno can say. Returns the code. */
int err_say(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "FMT: " before the text that is there. Returns the code that is there. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
