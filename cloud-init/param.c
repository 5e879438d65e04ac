#include <string.h>
#include <strings.h>

#include "cloud-init/decode.h"
#include "cloud-init/param.h"
#include "cloud-init/utf8.h"

struct param {
	struct view name, value;
	bool        piece;   /* name*, name*0, name*0* */
	bool        encoded; /* with a '*' at the end */
	unsigned    number;
};

static void read_piece(struct param *p)
{
	const char *star = p->name.len > 0 ? memchr(p->name.p, '*', p->name.len) : NULL;
	struct view after;

	if (!star || star == p->name.p)
		return;
	p->piece = true;
	p->encoded = p->name.p[p->name.len - 1] == '*';
	after = (struct view) { star + 1, (size_t) (p->name.p + p->name.len - star - 1) };
	p->name.len = (size_t) (star - p->name.p);
	for (; after.len > 0 && after.p[0] >= '0' && after.p[0] <= '9' && p->number < 1000000; after.p++, after.len--)
		p->number = p->number * 10 + (unsigned) (after.p[0] - '0');
}

/* Cuts one parameter off; a ';' inside quotes does not end it. The first is the value itself and has no pieces. */
static struct param next_param(struct view *rest, bool first)
{
	struct view all = *rest;
	struct param p = { .number = 0 };
	bool quoted = false;
	size_t i;

	for (i = 0; i < all.len && (quoted || all.p[i] != ';'); i++)
		if (all.p[i] == '"' && (i == 0 || all.p[i - 1] != '\\'))
			quoted = !quoted;
	rest->p = all.p + (i < all.len ? i + 1 : i);
	rest->len = (size_t) (all.p + all.len - rest->p);
	all.len = i;
	p.name = view_trim(view_cut(&all, '='));
	p.value = view_trim(all);
	if (!first)
		read_piece(&p);
	return p;
}

/* Each pair of bytes becomes its second one. */
static void undo_escape(struct buf *b, size_t from, const char pair[2])
{
	size_t to = from;

	for (size_t i = from; i < b->len; i++) {
		if (i + 1 < b->len && b->p[i] == pair[0] && b->p[i + 1] == pair[1])
			i++;
		b->p[to++] = b->p[i];
	}
	b->len = to;
	if (b->p)
		b->p[to] = '\0';
}

static int add_unquoted(struct view v, struct buf *b)
{
	char first = v.len > 1 ? v.p[0] : '\0', last = v.len > 1 ? v.p[v.len - 1] : '\0';
	bool quotes = first == '"' && last == '"';
	size_t from = b->len;
	int r;

	if (quotes || (first == '<' && last == '>'))
		v = (struct view) { v.p + 1, v.len - 2 };
	r = buf_add(b, v.p, v.len);
	if (r == 0 && quotes) {
		undo_escape(b, from, "\\\\");
		undo_escape(b, from, "\\\"");
	}
	return r;
}

/* Quotes are taken off twice by Python: once from the parameter, once from what that gave. */
static int add_plain(struct view v, struct buf *ret)
{
	AUTO_BUF once = { .limit = v.len + 1 };
	int r = add_unquoted(v, &once);

	return r < 0 ? r : add_unquoted(buf_view(&once), ret);
}

static void undo_percents(struct buf *b, size_t from)
{
	size_t to = from;

	for (size_t i = from; i < b->len; i++) {
		if (b->p[i] == '%' && i + 2 < b->len && hex_digit(b->p[i + 1]) >= 0 && hex_digit(b->p[i + 2]) >= 0) {
			b->p[to++] = (char) (hex_digit(b->p[i + 1]) << 4 | hex_digit(b->p[i + 2]));
			i += 2;
		} else {
			b->p[to++] = b->p[i];
		}
	}
	b->len = to;
}

/* The piece that follows number `after` (-1: the first of all); false when there is none. */
static bool find_piece(struct view header, const char *name, long after, struct param *ret)
{
	bool first = true, found = false;

	while (header.len > 0) {
		struct param p = next_param(&header, first);

		first = false;
		if (!p.piece || !view_is_nocase(p.name, name) || (long) p.number <= after || (found && p.number >= ret->number))
			continue;
		*ret = p;
		found = true;
	}
	return found;
}

/* charset'language'text; without those two, ASCII. */
static int add_encoded(struct view v, struct buf *ret)
{
	struct view text = v, charset = view_cut(&text, '\'');
	const char *second = text.len > 0 ? memchr(text.p, '\'', text.len) : NULL;

	if (!second)
		return utf8_from(v, UTF8_FROM_ASCII, ret);
	text = (struct view) { second + 1, (size_t) (text.p + text.len - second - 1) };
	if (view_is_nocase(charset, "utf-8") || view_is_nocase(charset, "utf8"))
		return utf8_from(text, UTF8_FROM_UTF8, ret);
	return utf8_from(text, view_is_nocase(charset, "us-ascii") ? UTF8_FROM_ASCII : UTF8_FROM_LATIN1, ret);
}

static int join_pieces(struct view header, const char *name, struct buf *ret)
{
	AUTO_BUF all = { .limit = header.len + 1 };
	bool encoded = false;
	long after = -1;
	struct param p;
	int r = 0, n;

	for (n = 0; r == 0 && n < PARAM_PIECES_MAX && find_piece(header, name, after, &p); n++) {
		size_t from = all.len;

		r = add_unquoted(p.value, &all);
		if (r == 0 && p.encoded)
			undo_percents(&all, from);
		encoded = encoded || p.encoded;
		after = (long) p.number;
	}
	if (r < 0 || n == 0)
		return r < 0 ? r : PARAM_ABSENT;
	return encoded ? add_encoded(buf_view(&all), ret) : add_unquoted(buf_view(&all), ret);
}

int param_get(struct view header, const char *name, struct buf *ret)
{
	struct view rest = header;
	bool first = true;

	while (rest.len > 0) {
		struct param p = next_param(&rest, first);

		first = false;
		if (!p.piece && view_is_nocase(p.name, name))
			return add_plain(p.value, ret);
	}
	return join_pieces(header, name, ret);
}
