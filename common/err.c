#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"

/* A message is one line, whatever the foreign bytes quoted in it hold. */
static void one_line(char *s)
{
	for (; *s; s++)
		if ((unsigned char) *s < 0x20 || *s == 0x7f)
			*s = ' ';
}

PRINTF_LIKE(4, 0)
static int fill(struct err *e, int code, bool with_errno, const char *fmt, va_list ap)
{
	int n;

	e->code = code < 0 ? code : -EINVAL;
	n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	if (with_errno && n >= 0 && (size_t) n < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t) n, ": %s", strerror(-e->code));
	one_line(e->text);
	return e->code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fill(e, code, true, fmt, ap);
	va_end(ap);
	return r;
}

int err_say(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fill(e, code, false, fmt, ap);
	va_end(ap);
	return r;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof e->text];
	va_list ap;
	int n;

	memcpy(inner, e->text, sizeof inner);
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t) n + 3 < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t) n, ": %.*s", (int) (sizeof e->text - (size_t) n - 3), inner);
	one_line(e->text);
	return e->code;
}
