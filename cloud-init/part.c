#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cloud-init/decode.h"
#include "cloud-init/header.h"
#include "cloud-init/part.h"

void part_done(struct part *p)
{
	buf_done(&p->filename);
	buf_done(&p->decoded);
	buf_done(&p->unpacked);
}

/* A buffer may hold what the others left of the room; a limit of 0 would mean a default one. */
static int make_room(const struct part *p, size_t room, struct buf *b)
{
	size_t used = p->decoded.len + p->unpacked.len;

	b->limit = used < room ? room - used : 0;
	return b->limit > 0 ? 0 : -EMSGSIZE;
}

static int undo_encoding(const struct mime_part *m, size_t room, struct part *p)
{
	decode_fn *decode = decode_for(m->encoding);
	int r;

	p->handed = m->body;
	if (!decode)
		return 0;
	r = make_room(p, room, &p->decoded);
	if (r == 0)
		r = decode(m->body, &p->decoded);
	p->handed = buf_view(&p->decoded);
	p->body_line = 0;
	return r;
}

static int unpack(struct view packed, size_t room, struct part *p, struct err *e)
{
	int r = make_room(p, room, &p->unpacked);

	return r < 0 ? err_say(e, r, "decompress user data: larger than %zu bytes", room) : decode_gzip(packed, &p->unpacked, e);
}

/* A part of a gzip type is decompressed; its type is then open. Nothing at all is fine, too. */
static int undo_gzip_type(size_t room, struct part *p, struct err *e)
{
	int r = 0;

	if (!type_is_gzip(p->declared))
		return 0;
	if (p->handed.len > 0 && !looks_like_gzip(p->handed))
		r = err_say(e, -EBADMSG, "decompress user data: this is no gzip data");
	else if (p->handed.len > 0)
		r = unpack(p->handed, room, p, e);
	p->handed = buf_view(&p->unpacked);
	p->type = view_of(TYPE_PLAIN);
	p->decompressed = true;
	p->body_line = 0;
	return r;
}

static enum part_kind kind_of_text(struct view text)
{
	text = view_trim(text);
	return text.len > 0 && text.p[0] == '{' ? PART_JSON : PART_ENV;
}

/* "#!/usr/bin/ecs-bootstrap apply" as the first line, blanks after "#!" allowed as the kernel does. */
static bool is_our_script(const struct part *p, struct view *rest)
{
	struct view line;

	*rest = p->handed;
	if (!view_is_nocase(p->type, TYPE_SCRIPT) || !view_starts(p->handed, "#!") || !view_line(rest, &line))
		return false;
	line.p += 2;
	line.len -= 2;
	return view_is(view_trim(line), PART_SCRIPT_INTERPRETER);
}

/* The interpreter line becomes blanks, so that the lines that follow keep their numbers. */
static int take_script(struct view rest, size_t room, struct part *p, struct err *e)
{
	struct buf *b = &p->unpacked;
	struct view whole = p->handed, line = whole;
	int r = 0;

	p->script = true;
	p->kind = kind_of_text(rest);
	if (p->kind == PART_ENV)
		return 0; /* where the line is a comment */
	if (b->len == 0) {
		r = make_room(p, room, b);
		if (r == 0)
			r = buf_add(b, whole.p, whole.len);
		whole = buf_view(b);
		line = whole;
	}
	if (r < 0)
		return err_set(e, r, "read a script of user data");
	line.len = whole.len - rest.len - 1;
	p->body = whole;
	memset(b->p, ' ', line.len);
	return 0;
}

/* What we do beyond cloud-init: see what is ours. */
static int find_ours(size_t room, struct part *p, struct err *e)
{
	struct view rest;
	int r = 0;

	p->body = p->handed;
	if (view_is_nocase(p->type, TYPE_ENV))
		p->kind = PART_ENV;
	else if (view_is_nocase(p->type, TYPE_JSON))
		p->kind = PART_JSON;
	else if (is_our_script(p, &rest))
		return take_script(rest, room, p, e);
	if (p->kind == PART_FOREIGN || !looks_like_gzip(p->handed))
		return 0;
	p->own_gzip = true;
	p->body_line = 0;
	r = unpack(p->handed, room, p, e);
	p->body = buf_view(&p->unpacked);
	return r;
}

int part_from_mime(const struct mime_part *m, size_t room, struct part *ret, struct err *e)
{
	int r;

	*ret = (struct part) { .headers = m->headers, .declared = m->type, .type = m->type, .encoding = m->encoding, .body_line = 1 };
	ret->message = m->message;
	ret->handed = ret->body = (struct view) { "", 0 };
	ret->filename.limit = m->headers.len * 3 + 1; /* each byte may become U+FFFD */
	r = header_filename(m->headers, &ret->filename);
	if (r < 0)
		return err_set(e, r, "read a file name of user data");
	if (m->message) {
		ret->body_line = 0;
		return 0;
	}
	r = undo_encoding(m, room, ret);
	if (r < 0)
		return err_set(e, r, "decode user data");
	r = undo_gzip_type(room, ret, e);
	if (r < 0)
		return r;
	ret->type = type_sniff(ret->type, ret->handed);
	return find_ours(room, ret, e);
}

int part_from_document(struct view document, struct part *ret, struct err *e)
{
	struct view rest = view_trim(document), first = { "", 0 }, none = view_of(TYPE_NOT_MIME);
	int r;

	*ret = (struct part) { .declared = none, .type = type_sniff(none, document), .handed = document, .line = 1, .body_line = 1 };
	ret->headers = ret->encoding = (struct view) { "", 0 };
	r = find_ours(2 * document.len + 1, ret, e);
	if (r < 0 || ret->kind != PART_FOREIGN || rest.len == 0)
		return r;
	if (rest.p[0] == '{')
		ret->kind = PART_JSON;
	else if (view_line(&rest, &first) && view_is(view_trim(first), "#ecs-bootstrap"))
		ret->kind = PART_ENV;
	return 0;
}

int part_safe_name(const struct part *p, struct buf *ret)
{
	int r = 0;

	if (p->filename.len == 0)
		return buf_printf(ret, "part-%03u", p->number);
	for (size_t i = 0; i < p->filename.len && r == 0; i++) {
		char c = p->filename.p[i] == '/' ? '_' : p->filename.p[i];
		bool harmless = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("_-.()", c));

		if (harmless)
			r = buf_add(ret, &c, 1);
	}
	return r;
}
