#include <string.h>
#include <strings.h>

#include "cloud-init/header.h"

static bool is_continuation(struct view line)
{
	return line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

bool header_is_line(struct view line, bool first)
{
	if (is_continuation(line))
		return !first;
	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == ':')
			return i > 0;
		if (line.p[i] <= ' ' || line.p[i] > '~')
			return false;
	}
	return false;
}

/* The next header with its continuation lines. */
static bool next_header(struct view *rest, struct view *header)
{
	struct view line;

	if (!view_line(rest, &line))
		return false;
	*header = line;
	while (is_continuation(*rest) && view_line(rest, &line))
		header->len = (size_t) (line.p + line.len - header->p);
	return true;
}

struct view header_value(struct view headers, const char *name)
{
	struct view header;

	while (next_header(&headers, &header)) {
		struct view key = view_cut(&header, ':');

		if (view_is_nocase(key, name))
			return view_trim(header);
	}
	return (struct view) { "", 0 };
}

struct view header_content_type(struct view headers)
{
	struct view value = header_value(headers, "Content-Type"), type = view_trim(view_cut(&value, ';'));
	const char *slash = type.len ? memchr(type.p, '/', type.len) : NULL;
	size_t after = slash ? (size_t) (type.p + type.len - slash - 1) : 0;

	if (!slash || (after > 0 && memchr(slash + 1, '/', after)))
		return view_of("text/plain");
	return type;
}

bool header_is_container(struct view type)
{
	return type.len > 10 && strncasecmp(type.p, "multipart/", 10) == 0;
}

/* Cuts one parameter off; a ';' inside quotes does not end it. */
static struct view next_parameter(struct view *rest)
{
	struct view all = *rest;
	bool quoted = false;
	size_t i;

	for (i = 0; i < all.len && (quoted || all.p[i] != ';'); i++) {
		if (quoted && all.p[i] == '\\' && i + 1 < all.len)
			i++;
		else if (all.p[i] == '"')
			quoted = !quoted;
	}
	if (i > all.len)
		i = all.len;
	rest->p += i < all.len ? i + 1 : i;
	rest->len -= i < all.len ? i + 1 : i;
	return view_trim((struct view) { all.p, i });
}

static struct view unquote(struct view v)
{
	if (v.len >= 2 && v.p[0] == '"' && v.p[v.len - 1] == '"')
		v = (struct view) { v.p + 1, v.len - 2 };
	while (v.len > 0 && (v.p[v.len - 1] == ' ' || v.p[v.len - 1] == '\t'))
		v.len--;
	return v;
}

bool header_boundary(struct view headers, struct view *ret)
{
	struct view rest = header_value(headers, "Content-Type");

	(void) next_parameter(&rest); /* the type itself */
	while (rest.len > 0) {
		struct view value = next_parameter(&rest), key = view_cut(&value, '=');

		if (view_is_nocase(view_trim(key), "boundary")) {
			*ret = unquote(view_trim(value));
			return true;
		}
	}
	return false;
}
