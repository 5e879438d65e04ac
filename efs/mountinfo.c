#include <errno.h>
#include <string.h>

#include "common/parse.h"
#include "efs/mountinfo.h"

static bool cut_field(struct view *line, struct view *ret)
{
	if (line->len == 0)
		return false;
	*ret = view_cut(line, ' ');
	return true;
}

static bool cut_number(struct view *line, uint64_t *ret)
{
	struct view field;

	return cut_field(line, &field) && parse_u64(field, UINT64_MAX, ret) == 0;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG:VALUE …] - TYPE SOURCE SUPER */
static bool parse_line(struct view line, struct mountinfo *m)
{
	struct view device, field;

	if (!cut_number(&line, &m->id) || !cut_number(&line, &m->parent) || !cut_field(&line, &device) ||
	    !cut_field(&line, &m->root) || !cut_field(&line, &m->point) || !cut_field(&line, &m->options))
		return false;
	do {
		if (!cut_field(&line, &field))
			return false;
	} while (!view_is(field, "-"));
	if (!cut_field(&line, &m->type) || !cut_field(&line, &m->source))
		return false;
	m->super = line;
	return m->point.len > 0 && m->point.p[0] == '/';
}

bool mountinfo_next(struct view *rest, struct mountinfo *ret)
{
	struct mountinfo m = { .id = 0 };
	struct view line;

	while (view_line(rest, &line)) {
		if (!parse_line(line, &m))
			continue;
		*ret = m;
		return true;
	}
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The next byte of an escaped field. A backslash that begins no escape stands for itself. */
static char cut_byte(struct view *v)
{
	char c = v->p[0];
	size_t n = 1;

	if (c == '\\' && v->len >= 4 && v->p[1] <= '3' && is_octal(v->p[1]) && is_octal(v->p[2]) && is_octal(v->p[3])) {
		c = (char) ((v->p[1] - '0') << 6 | (v->p[2] - '0') << 3 | (v->p[3] - '0'));
		n = 4;
	}
	v->p += n;
	v->len -= n;
	return c;
}

int mountinfo_decode(struct view field, char *ret, size_t size)
{
	size_t n = 0;

	while (field.len > 0) {
		char c = cut_byte(&field);

		if (c == '\0')
			return -EINVAL;
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		ret[n++] = c;
	}
	if (size == 0)
		return -ENAMETOOLONG;
	ret[n] = '\0';
	return (int) n;
}

bool mountinfo_is(struct view field, const char *path)
{
	const char *p = path;

	if (field.len == 0)
		return false;
	while (field.len > 0) {
		char c = cut_byte(&field);

		if (*p != c || c == '\0')
			return false;
		p++;
		while (c == '/' && *p == '/')
			p++;
	}
	while (*p == '/')
		p++;
	return *p == '\0';
}

unsigned mountinfo_count(struct view text, const char *path)
{
	struct mountinfo m;
	unsigned n = 0;

	while (mountinfo_next(&text, &m))
		n += mountinfo_is(m.point, path);
	return n;
}
