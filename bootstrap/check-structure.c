#include <string.h>

#include "bootstrap/checks.h"
#include "cloud-init/header.h"

enum { SHOWN = 80 };

/* What is left of a boundary without the dashes and equal signs around it; people get those wrong. */
static struct view core(struct view v)
{
	v = view_trim(v);
	while (v.len > 0 && strchr("-=_", v.p[0])) {
		v.p++;
		v.len--;
	}
	while (v.len > 0 && strchr("-=_", v.p[v.len - 1]))
		v.len--;
	return v;
}

static bool same(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* "--" boundary, with or without "--": what the walk takes for a delimiter. */
static bool is_delimiter(struct view line, struct view boundary)
{
	while (line.len > 0 && (line.p[line.len - 1] == ' ' || line.p[line.len - 1] == '\t'))
		line.len--;
	if (!view_starts(line, "--") || line.len < boundary.len + 2 || memcmp(line.p + 2, boundary.p, boundary.len) != 0)
		return false;
	line.p += boundary.len + 2;
	line.len -= boundary.len + 2;
	return line.len == 0 || view_is(line, "--");
}

/* Somebody's idea of a delimiter: with dashes or equal signs in front, or the boundary itself. */
static bool is_meant(struct view line, struct view boundary)
{
	if (!same(core(line), core(boundary)) || is_delimiter(line, boundary))
		return false;
	line = view_trim(line);
	return strchr("-=", line.p[0]) || (boundary.len >= 4 && line.len >= boundary.len && memcmp(line.p, boundary.p, boundary.len) == 0);
}

static void find_lookalikes(struct check *c, struct view headers, struct view boundary)
{
	struct view rest = c->document, line;

	if (core(boundary).len == 0)
		return;
	rest.len = (size_t) (rest.p + rest.len - (headers.p + headers.len));
	rest.p = headers.p + headers.len;
	while (line_next(&rest, &line)) {
		struct view text = view_trim(line);
		bool closing = text.len > 2 && memcmp(text.p + text.len - 2, "--", 2) == 0;

		if (text.len == 0 || !is_meant(line, boundary))
			continue;
		remark_add(&c->found, REMARK_LOOKALIKE, spot_at(c, line.p), "this line looks like a delimiter but is none");
		remark_fix_last(&c->found, "write '--%.*s%s'", VIEW_ARG(boundary, SHOWN), closing ? "--" : "");
	}
}

/* One of the container's headers, for pointing at it. */
static struct spot spot_of_type(const struct check *c, struct view headers)
{
	struct view value;

	return spot_at(c, header_find(headers, "Content-Type", &value) ? value.p : headers.p);
}

static void look_at_container(struct check *c, struct view headers, bool no_delimiter)
{
	AUTO_BUF boundary = { .limit = headers.len + 1 };

	if (header_boundary(headers, &boundary) != 0)
		return;
	if (!no_delimiter) {
		find_lookalikes(c, headers, buf_view(&boundary));
		return;
	}
	remark_add(&c->found, REMARK_NO_DELIMITER, spot_of_type(c, headers), "no line opens a part with the boundary '%.*s'", VIEW_ARG(buf_view(&boundary), SHOWN));
	remark_fix_last(&c->found, "write '--%.*s' above each part and '--%.*s--' below the last", VIEW_ARG(buf_view(&boundary), SHOWN / 2),
			VIEW_ARG(buf_view(&boundary), SHOWN / 2));
}

static bool has_delimiter_or_headers(struct view text)
{
	struct view line;

	while (line_next(&text, &line))
		if (view_starts(line, "--") || view_starts(line, "Content-Type:"))
			return true;
	return false;
}

static void look_after(struct check *c, struct view text)
{
	struct view shown = view_trim(text);

	if (has_delimiter_or_headers(text))
		remark_add(&c->found, REMARK_PARTS_AFTER, spot_at(c, shown.p), "more parts follow the closing delimiter");
	else
		remark_add(&c->found, REMARK_AFTER, spot_at(c, shown.p), "text follows the closing delimiter");
}

/* Mail programs write a sentence there, for readers without MIME. */
static void look_before(struct check *c, struct view text)
{
	struct view shown = view_trim(text);

	if (!view_starts(shown, "This is a "))
		remark_add(&c->found, REMARK_BEFORE, spot_at(c, shown.p), "text stands before the first delimiter");
}

static void look_at_end(struct check *c, struct view delimiter, enum remark_id id)
{
	struct view shown = view_trim(delimiter);

	remark_add(&c->found, id, spot_at(c, delimiter.p),
		   id == REMARK_OPEN_LAST ? "the last delimiter does not close" : "the parts that begin here are never closed by a delimiter");
	remark_fix_last(&c->found, "%s '%.*s--'", id == REMARK_OPEN_LAST ? "close with" : "end the document with", VIEW_ARG(shown, SHOWN));
}

/* The same delimiter is last and open, and nothing closes: that is one thing to say. */
static bool said_already(const struct check *c, size_t i)
{
	const struct userdata_event *event = &c->u->events[i];

	for (size_t k = 0; k < i; k++)
		if (c->u->events[k].kind == MIME_EMPTY_LAST && c->u->events[k].where.p == event->where.p)
			return true;
	return false;
}

void check_structure(struct check *c)
{
	for (size_t i = 0; i < c->u->n_events; i++) {
		struct view where = c->u->events[i].where;

		switch (c->u->events[i].kind) {
		case MIME_CONTAINER:
			look_at_container(c, where, false);
			break;
		case MIME_NO_BOUNDARY:
			remark_add(&c->found, REMARK_NO_BOUNDARY, spot_of_type(c, where), "multipart without a boundary");
			break;
		case MIME_NO_DELIMITER:
			look_at_container(c, where, true);
			break;
		case MIME_NO_CLOSING:
			if (!said_already(c, i))
				look_at_end(c, where, REMARK_NO_CLOSING);
			break;
		case MIME_EMPTY_LAST:
			look_at_end(c, where, REMARK_OPEN_LAST);
			break;
		case MIME_SWALLOWED:
			remark_add(&c->found, REMARK_SWALLOWED, spot_at(c, where.p), "this delimiter follows another at once");
			break;
		case MIME_NO_BLANK_LINE:
			remark_add(&c->found, REMARK_NO_BLANK_LINE, spot_at(c, where.p), "the headers end here without a blank line");
			break;
		case MIME_BEFORE:
			look_before(c, where);
			break;
		case MIME_AFTER:
			look_after(c, where);
			break;
		}
	}
}
