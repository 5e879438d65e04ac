/* A view: bytes in somebody else's buffer. It owns nothing and lives as long as that buffer. */
#ifndef COMMON_VIEW_H
#define COMMON_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct view {
	const char *p;
	size_t      len;
};

struct view view_of(const char *text);             /* a NUL-terminated string, without its NUL */
struct view view_trim(struct view v);              /* blanks, tabs and line ends cut at both ends */
bool view_is(struct view v, const char *text);     /* same bytes */
bool view_is_nocase(struct view v, const char *text); /* same bytes but for ASCII case */
bool view_starts(struct view v, const char *prefix);

/* Cuts the next line (without LF or CRLF) off *rest. false when nothing is left. */
bool view_line(struct view *rest, struct view *line);

/* Cuts what stands before the first c off *rest. Without a c the whole rest is cut and *rest is empty. */
struct view view_cut(struct view *rest, char c);

/* How to print at most n bytes of a view by "%.*s". */
#define VIEW_ARG(v, n) (int) ((v).len < (n) ? (v).len : (n)), (v).p

#endif
