#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cloud-init/header.h"
#include "cloud-init/mime.h"

/* Delimiters of all open containers are in force, the innermost first: an outer one ends an unclosed inner one. */
struct walk {
	const char  *at, *end;
	struct view  boundaries[MIME_DEPTH_MAX];
	int          depth;
	mime_part_fn *fn;
	void         *ctx;
	struct err   *e;
};

/* Why an entity ended: at the end of the document (level -1) or at a delimiter of an open container. */
struct stop {
	int  level;
	bool closing;
};

struct line {
	struct view text; /* without its line end */
	const char *next;
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

/* Lines end in LF, CRLF or a lone CR, mixed as they come. */
static bool peek_line(const struct walk *w, struct line *l)
{
	const char *p = w->at;

	if (p >= w->end)
		return false;
	while (p < w->end && *p != '\n' && *p != '\r')
		p++;
	l->text = (struct view) { w->at, (size_t) (p - w->at) };
	if (p < w->end)
		p += *p == '\r' && p + 1 < w->end && p[1] == '\n' ? 2 : 1;
	l->next = p;
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
	return view_trim(line).len == 0;
}

static bool at_delimiter(const struct walk *w, struct view line, struct stop *stop)
{
	for (int level = w->depth - 1; level >= 0; level--) {
		if (is_delimiter(line, w->boundaries[level], &stop->closing)) {
			stop->level = level;
			return true;
		}
	}
	return false;
}

/* Moves over lines up to a delimiter (which is consumed) or the end. *ret_body: what was passed, without its last line end. */
static struct stop skip_body(struct walk *w, struct view *ret_body)
{
	struct stop stop = { .level = -1 };
	const char *start = w->at, *text_end = w->at;
	struct line l;

	while (peek_line(w, &l)) {
		if (at_delimiter(w, l.text, &stop)) {
			w->at = l.next;
			*ret_body = (struct view) { start, (size_t) (text_end - start) };
			return stop;
		}
		text_end = l.text.p + l.text.len;
		w->at = l.next;
	}
	*ret_body = (struct view) { start, (size_t) (w->end - start) };
	return stop;
}

/*
 * Header lines up to the blank line, which is consumed, or up to the first line that is no header and thus the body's
 * first, or up to a delimiter. A leading "From …" line of a mailbox is passed over.
 */
static struct view take_headers(struct walk *w)
{
	const char *start = w->at;
	struct stop unused;
	struct line l;
	bool first = true;

	while (peek_line(w, &l) && !at_delimiter(w, l.text, &unused)) {
		const char *line_start = w->at;

		if (l.text.len == 0) {
			w->at = l.next;
			return (struct view) { start, (size_t) (line_start - start) };
		}
		if (!header_is_line(l.text, first) && !(first && view_starts(l.text, "From ")))
			break;
		first = false;
		w->at = l.next;
	}
	return (struct view) { start, (size_t) (w->at - start) };
}

static int walk_entity(struct walk *w, struct stop *ret);

/* Delimiters that follow each other at once count as one, even if the second is a closing one. */
static void swallow_repeats(struct walk *w)
{
	struct line l;
	bool closing;

	while (peek_line(w, &l) && is_delimiter(l.text, w->boundaries[w->depth - 1], &closing))
		w->at = l.next;
}

static int walk_container(struct walk *w, struct view boundary, struct stop *ret)
{
	struct view unused;
	int level = w->depth, r;

	if (w->depth == MIME_DEPTH_MAX)
		return err_say(w->e, -EMSGSIZE, "parse user data: MIME parts nested deeper than %d", MIME_DEPTH_MAX);
	w->boundaries[w->depth++] = boundary;
	*ret = skip_body(w, &unused); /* the preamble */
	while (ret->level == level && !ret->closing) {
		swallow_repeats(w);
		r = walk_entity(w, ret);
		if (r != 0)
			return r;
	}
	w->depth = level;
	if (ret->level == level)
		*ret = skip_body(w, &unused); /* the epilogue */
	return 0;
}

static int walk_entity(struct walk *w, struct stop *ret)
{
	struct view headers = take_headers(w), boundary;
	struct mime_part part = { .type = header_content_type(headers), .encoding = header_value(headers, "Content-Transfer-Encoding") };
	bool container = header_is_container(part.type);

	if (container && header_boundary(headers, &boundary))
		return walk_container(w, boundary, ret);
	*ret = skip_body(w, &part.body);
	return container ? 0 : w->fn(&part, w->ctx); /* without a boundary nothing in a container can be told apart */
}

int mime_walk(struct view document, mime_part_fn *fn, void *ctx, struct err *e)
{
	struct walk w = { .at = document.p, .end = document.p + document.len, .fn = fn, .ctx = ctx, .e = e };
	struct stop unused;

	return document.len > 0 ? walk_entity(&w, &unused) : 0;
}
