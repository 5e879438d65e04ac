#include <errno.h>
#include <stdlib.h>

#include "cloud-init/decode.h"
#include "cloud-init/userdata.h"

struct collector {
	struct userdata  *u;
	struct line_count lines;
	struct err       *e;
};

void userdata_freep(struct userdata **u)
{
	if (!*u)
		return;
	for (size_t i = 0; i < (*u)->n_parts; i++)
		part_done(&(*u)->parts[i]);
	free((*u)->parts);
	free((*u)->events);
	buf_done(&(*u)->document);
	free(*u);
	*u = NULL;
}

/* Takes over the part. */
static int add_part(struct userdata *u, struct part *part, struct err *e)
{
	struct part *more;

	if (u->n_parts == USERDATA_PARTS_MAX) {
		part_done(part);
		return err_say(e, -EMSGSIZE, "parse user data: more than %d parts", USERDATA_PARTS_MAX);
	}
	more = reallocarray(u->parts, u->n_parts + 1, sizeof *more);
	if (!more) {
		part_done(part);
		return err_set(e, -ENOMEM, "parse user data");
	}
	u->parts = more;
	part->number = (unsigned) u->n_parts + 1;
	u->parts[u->n_parts++] = *part;
	u->decoded += part->decoded.len + part->unpacked.len;
	return 0;
}

static int take_part(const struct mime_part *m, void *ctx)
{
	struct collector *c = ctx;
	struct part part;
	int r = part_from_mime(m, USERDATA_DECODED_MAX - c->u->decoded, &part, c->e);

	if (r < 0) {
		part_done(&part);
		return err_wrap(c->e, "read part %zu", c->u->n_parts + 1);
	}
	part.line = line_at(&c->lines, m->headers.p);
	if (part.body_line > 0 && m->body.p)
		part.body_line = line_at(&c->lines, m->body.p);
	return add_part(c->u, &part, c->e);
}

static void take_event(enum mime_event kind, struct view where, void *ctx)
{
	struct userdata *u = ((struct collector *) ctx)->u;

	if (u->n_events < USERDATA_EVENTS_MAX)
		u->events[u->n_events++] = (struct userdata_event) { kind, where };
}

static int read_document(struct userdata *u, struct err *e)
{
	struct view document = buf_view(&u->document);
	struct collector c = { .u = u, .lines = { document, 1 }, .e = e };
	struct mime_sink sink = { .part = take_part, .event = take_event, .ctx = &c };
	struct part part;
	int r;

	u->mime = mime_is(document);
	if (u->mime)
		return mime_walk(document, &sink, e);
	r = part_from_document(document, &part, e);
	if (r == 0)
		return add_part(u, &part, e);
	part_done(&part);
	return r;
}

/* Gzip that cannot be read is no gzip to cloud-init; only a bomb is refused. */
static int unpack(struct view raw, struct userdata *u, struct err *e)
{
	int r;

	u->document.limit = USERDATA_DECODED_MAX;
	if (looks_like_gzip(raw)) {
		r = decode_gzip(raw, &u->document, e);
		if (r != -EBADMSG) {
			u->gzip = r == 0;
			return r;
		}
		u->damaged = true;
		buf_clear(&u->document);
	}
	r = buf_add(&u->document, raw.p, raw.len);
	return r < 0 ? err_set(e, r, "read user data") : 0;
}

static struct userdata *make(void)
{
	struct userdata *u = calloc(1, sizeof *u);

	if (u)
		u->events = calloc(USERDATA_EVENTS_MAX, sizeof *u->events);
	if (u && !u->events) {
		free(u);
		return NULL;
	}
	return u;
}

static int look(struct view raw, bool base64, struct userdata **ret, struct err *e)
{
	AUTO_BUF plain = { .limit = USERDATA_DECODED_MAX };
	AUTO_USERDATA *u = make();
	int r = 0;

	if (!u)
		return err_set(e, -ENOMEM, "parse user data");
	if (base64) {
		u->base64 = true;
		r = decode_base64(raw, &plain);
		raw = buf_view(&plain);
	}
	if (r < 0)
		return err_set(e, r, "decode base64 user data");
	r = unpack(raw, u, e);
	if (r == 0)
		r = read_document(u, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(u);
	return 0;
}

static bool has_ours(const struct userdata *u)
{
	for (size_t i = 0; i < u->n_parts; i++)
		if (u->parts[i].kind != PART_FOREIGN)
			return true;
	return false;
}

/* Base64 with white space in it is plain text to cloud-init; if something of ours is inside, it is taken all the same. */
int userdata_look(struct view raw, struct userdata **ret, struct err *e)
{
	AUTO_USERDATA *inside = NULL;
	struct err unused;

	if (is_strict_base64(raw))
		return look(raw, true, ret, e);
	if (looks_like_base64(raw) && look(raw, true, &inside, &unused) == 0 && inside && has_ours(inside)) {
		inside->only_ours = true;
		*ret = TAKE_PTR(inside);
		return 0;
	}
	return look(raw, false, ret, e);
}

int userdata_parse(struct view raw, struct userdata **ret, struct err *e)
{
	AUTO_USERDATA *u = NULL;
	int r = userdata_look(raw, &u, e);

	if (r < 0 || !u)
		return r;
	if (u->damaged)
		return err_say(e, -EBADMSG, "decompress user data: the gzip data is damaged or cut short");
	if (!u->mime && view_trim(buf_view(&u->document)).len == 0) {
		part_done(&u->parts[0]);
		u->n_parts = 0;
	}
	*ret = TAKE_PTR(u);
	return 0;
}
