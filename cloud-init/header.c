#include <string.h>
#include <strings.h>

#include "cloud-init/header.h"
#include "cloud-init/line.h"
#include "cloud-init/param.h"

static bool is_continuation(struct view line)
{
	return line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

bool header_is_line(struct view line)
{
	if (is_continuation(line) || view_starts(line, "From "))
		return true;
	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == ':')
			return true;
		if (line.p[i] <= ' ' || line.p[i] > '~')
			return false;
	}
	return false;
}

/* From after the colon up to the last continuation. */
static struct view value_of(const char *from, const char *to)
{
	struct view v = { from, (size_t) (to - from) };

	while (v.len > 0 && (v.p[0] == ' ' || v.p[0] == '\t')) {
		v.p++;
		v.len--;
	}
	while (v.len > 0 && (v.p[v.len - 1] == '\n' || v.p[v.len - 1] == '\r'))
		v.len--;
	return v;
}

bool header_next(struct view *rest, struct view *name, struct view *value)
{
	struct view line, unused;

	while (line_next(rest, &line)) {
		const char *colon = line.len > 0 ? memchr(line.p, ':', line.len) : NULL;

		if (is_continuation(line) || view_starts(line, "From ") || !colon || colon == line.p)
			continue;
		while (is_continuation(*rest))
			(void) line_next(rest, &unused);
		*name = (struct view) { line.p, (size_t) (colon - line.p) };
		*value = value_of(colon + 1, rest->p);
		return true;
	}
	return false;
}

bool header_find(struct view headers, const char *name, struct view *value)
{
	struct view key;

	while (header_next(&headers, &key, value))
		if (view_is_nocase(key, name))
			return true;
	*value = (struct view) { "", 0 };
	return false;
}

struct view header_content_type(struct view headers, const char *fallback)
{
	struct view value, type;
	size_t slashes = 0;

	if (!header_find(headers, "Content-Type", &value))
		return view_of(fallback);
	type = view_trim(view_cut(&value, ';'));
	for (size_t i = 0; i < type.len; i++)
		slashes += type.p[i] == '/' ? 1 : 0;
	return slashes == 1 ? type : view_of("text/plain");
}

bool header_is_main(struct view type, const char *main_type)
{
	size_t n = strlen(main_type);

	return type.len >= n && strncasecmp(type.p, main_type, n) == 0;
}

int header_boundary(struct view headers, struct buf *ret)
{
	struct view value;
	int r;

	if (!header_find(headers, "Content-Type", &value))
		return HEADER_ABSENT;
	r = param_get(value, "boundary", ret);
	while (r == 0 && ret->len > 0 && strchr(" \t\r\n", ret->p[ret->len - 1]))
		ret->p[--ret->len] = '\0';
	return r;
}

int header_filename(struct view headers, struct buf *ret)
{
	struct view value, name;
	int r = PARAM_ABSENT;

	if (header_find(headers, "Content-Disposition", &value))
		r = param_get(value, "filename", ret);
	if (r == PARAM_ABSENT && header_find(headers, "Content-Type", &value))
		r = param_get(value, "name", ret);
	if (r < 0)
		return r;
	name = view_trim(buf_view(ret));
	if (ret->len > 0) {
		memmove(ret->p, name.p, name.len);
		ret->len = name.len;
		ret->p[ret->len] = '\0';
	}
	return 0;
}
