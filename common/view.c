#include <string.h>
#include <strings.h>

#include "common/view.h"

struct view view_of(const char *text)
{
	return (struct view) { .p = text, .len = strlen(text) };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view view_trim(struct view v)
{
	while (v.len > 0 && is_blank(v.p[0])) {
		v.p++;
		v.len--;
	}
	while (v.len > 0 && is_blank(v.p[v.len - 1]))
		v.len--;
	return v;
}

bool view_is(struct view v, const char *text)
{
	return v.len == strlen(text) && memcmp(v.p, text, v.len) == 0;
}

bool view_is_nocase(struct view v, const char *text)
{
	return v.len == strlen(text) && strncasecmp(v.p, text, v.len) == 0;
}

bool view_starts(struct view v, const char *prefix)
{
	size_t n = strlen(prefix);

	return v.len >= n && memcmp(v.p, prefix, n) == 0;
}

bool view_line(struct view *rest, struct view *line)
{
	if (rest->len == 0)
		return false;
	*line = view_cut(rest, '\n');
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

struct view view_cut(struct view *rest, char c)
{
	const char *end = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;
	struct view head = { rest->p, end ? (size_t) (end - rest->p) : rest->len };
	size_t gone = end ? head.len + 1 : head.len;

	rest->p += gone;
	rest->len -= gone;
	return head;
}
