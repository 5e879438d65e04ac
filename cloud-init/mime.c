#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cloud-init/header.h"
#include "cloud-init/line.h"
#include "cloud-init/mime.h"
#include "cloud-init/types.h"

struct walk {
	struct view             rest; /* of the document */
	struct buf              boundaries[MIME_DEPTH_MAX];
	int                     open;  /* containers that wait for a delimiter */
	int                     depth; /* of entities in entities */
	const struct mime_sink *sink;
	struct err             *e;
};

/* Why an entity ended: at the end of the document (level -1) or at a delimiter of an open container. */
struct stop {
	int         level;
	bool        closing;
	struct view line;
};

bool mime_is(struct view document)
{
	static const char mark[] = "mime-version:";
	size_t n = document.len < MIME_SNIFF_BYTES ? document.len : MIME_SNIFF_BYTES;

	for (size_t i = 0; i + sizeof mark - 1 <= n; i++)
		if (strncasecmp(document.p + i, mark, sizeof mark - 1) == 0)
			return true;
	return false;
}

static void say(const struct walk *w, enum mime_event event, struct view where)
{
	if (w->sink->event)
		w->sink->event(event, where, w->sink->ctx);
}

static bool only_blanks(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] != ' ' && v.p[i] != '\t')
			return false;
	return true;
}

/* "--" boundary, then perhaps "--", then blanks only. */
static bool is_delimiter(struct view line, struct view boundary, bool *closing)
{
	if (line.len < boundary.len + 2 || memcmp(line.p, "--", 2) != 0 || memcmp(line.p + 2, boundary.p, boundary.len) != 0)
		return false;
	line.p += boundary.len + 2;
	line.len -= boundary.len + 2;
	*closing = view_starts(line, "--");
	if (*closing) {
		line.p += 2;
		line.len -= 2;
	}
	return only_blanks(line);
}

/* An outer delimiter ends an unclosed inner container; where a line could be both, it is the outer one's. */
static bool at_delimiter(const struct walk *w, struct view line, struct stop *stop)
{
	for (int level = 0; level < w->open; level++) {
		if (is_delimiter(line, buf_view(&w->boundaries[level]), &stop->closing)) {
			stop->level = level;
			stop->line = line;
			return true;
		}
	}
	return false;
}

/* Moves over lines up to a delimiter (which is consumed) or the end. *passed: what lies between, with its last line end. */
static struct stop skip_body(struct walk *w, struct view *passed)
{
	struct stop stop = { .level = -1 };
	struct view line;

	*passed = (struct view) { w->rest.p, 0 };
	while (line_next(&w->rest, &line)) {
		if (at_delimiter(w, line, &stop)) {
			passed->len = (size_t) (line.p - passed->p);
			return stop;
		}
	}
	passed->len = (size_t) (w->rest.p - passed->p);
	return stop;
}

/*
 * Header lines up to the blank line, which is consumed, or up to the first line that is no header and thus the body's
 * first, or up to a delimiter. "From …" as the last one is the body's too.
 */
static struct view take_headers(struct walk *w)
{
	struct view headers = { w->rest.p, 0 }, rest = w->rest, line;
	struct stop unused;

	while (line_next(&rest, &line) && !at_delimiter(w, line, &unused)) {
		struct view next = w->rest;

		if (line.len == 0) {
			w->rest = rest;
			break;
		}
		if (!header_is_line(line)) {
			if (headers.len > 0)
				say(w, MIME_NO_BLANK_LINE, line);
			break;
		}
		headers.len = (size_t) (rest.p - headers.p);
		if (view_starts(line, "From ") && line.p > headers.p && !header_is_line(rest)) {
			headers.len = (size_t) (line.p - headers.p);
			w->rest = next;
			break;
		}
		w->rest = rest;
	}
	return headers;
}

static int walk_entity(struct walk *w, const char *fallback, struct stop *ret);

/* Delimiters that follow each other at once count as one, even if the second is a closing one. */
static void swallow_repeats(struct walk *w)
{
	struct view rest = w->rest, line;
	struct stop stop;

	while (line_next(&rest, &line) && at_delimiter(w, line, &stop) && stop.level == w->open - 1) {
		say(w, MIME_SWALLOWED, line);
		w->rest = rest;
	}
}

static int walk_parts(struct walk *w, const char *fallback, struct stop *stop)
{
	int level = w->open - 1;

	while (stop->level == level && !stop->closing) {
		struct view delimiter = stop->line;
		int r;

		swallow_repeats(w);
		if (view_trim(w->rest).len == 0)
			say(w, MIME_EMPTY_LAST, delimiter);
		r = walk_entity(w, fallback, stop);
		if (r != 0)
			return r;
		if (stop->level < level)
			say(w, MIME_NO_CLOSING, delimiter);
	}
	return 0;
}

/* The boundary is in w->boundaries[w->open]. */
static int walk_container(struct walk *w, const struct mime_part *container, struct stop *ret)
{
	const char *fallback = view_is_nocase(container->type, "multipart/digest") ? "message/rfc822" : TYPE_PLAIN;
	struct view passed;
	int level = w->open++, r;

	say(w, MIME_CONTAINER, container->headers);
	*ret = skip_body(w, &passed);
	if (ret->level != level || ret->closing)
		say(w, MIME_NO_DELIMITER, container->headers);
	else if (view_trim(passed).len > 0)
		say(w, MIME_BEFORE, passed);
	r = walk_parts(w, fallback, ret);
	w->open = level;
	if (r == 0 && ret->level == level) {
		*ret = skip_body(w, &passed);
		if (view_trim(passed).len > 0)
			say(w, MIME_AFTER, passed);
	}
	return r;
}

static int walk_multipart(struct walk *w, const struct mime_part *container, struct stop *ret)
{
	struct buf *boundary = &w->boundaries[w->open];
	struct view unused;
	int r;

	buf_clear(boundary);
	r = header_boundary(container->headers, boundary);
	if (r < 0)
		return err_set(w->e, r, "parse user data: read a boundary");
	if (r == 0)
		return walk_container(w, container, ret);
	say(w, MIME_NO_BOUNDARY, container->headers);
	*ret = skip_body(w, &unused);
	return 0;
}

static int walk_entity(struct walk *w, const char *fallback, struct stop *ret)
{
	struct mime_part part = { .headers = take_headers(w) };
	int r;

	if (w->depth == MIME_DEPTH_MAX)
		return err_say(w->e, -EMSGSIZE, "parse user data: MIME parts nested deeper than %d", MIME_DEPTH_MAX);
	part.type = header_content_type(part.headers, fallback);
	(void) header_find(part.headers, "Content-Transfer-Encoding", &part.encoding);
	part.message = header_is_main(part.type, "message/");
	w->depth++;
	if (header_is_main(part.type, "multipart/")) {
		r = walk_multipart(w, &part, ret);
	} else if (part.message) {
		r = w->sink->part(&part, w->sink->ctx);
		if (r == 0)
			r = walk_entity(w, TYPE_PLAIN, ret);
	} else {
		*ret = skip_body(w, &part.body);
		if (w->open > 0)
			part.body = line_chop(part.body);
		r = w->sink->part(&part, w->sink->ctx);
	}
	w->depth--;
	return r;
}

int mime_walk(struct view document, const struct mime_sink *sink, struct err *e)
{
	struct walk w = { .rest = document, .sink = sink, .e = e };
	struct stop unused;
	int r = document.len > 0 ? walk_entity(&w, TYPE_PLAIN, &unused) : 0;

	for (size_t i = 0; i < MIME_DEPTH_MAX; i++)
		buf_done(&w.boundaries[i]);
	return r;
}
