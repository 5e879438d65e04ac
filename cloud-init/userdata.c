#include <errno.h>
#include <stdlib.h>

#include "cloud-init/decode.h"
#include "cloud-init/mime.h"
#include "cloud-init/userdata.h"

struct collector {
	struct userdata *u;
	struct err      *e;
};

void userdata_freep(struct userdata **u)
{
	if (!*u)
		return;
	for (size_t i = 0; i < (*u)->n_parts; i++)
		buf_done(&(*u)->parts[i].own);
	free((*u)->parts);
	buf_done(&(*u)->document);
	free(*u);
	*u = NULL;
}

/* Base64 of the whole is believed only if what comes out begins like something that is known to be wrapped so. */
static bool plausible(struct view v)
{
	static const char *const starts[] = { "#", "{", "Content-Type:", "MIME-Version:", "From " };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (view_starts(v, starts[i]))
			return true;
	return looks_like_gzip(v) || mime_is(v);
}

static int unwrap(struct view raw, struct userdata *u, struct err *e)
{
	AUTO_BUF plain = { .limit = USERDATA_DECODED_MAX };
	int r;

	if (looks_like_base64(raw)) {
		r = decode_base64(raw, &plain);
		if (r < 0)
			return err_set(e, r, "decode base64 user data");
		if (plausible(buf_view(&plain)))
			raw = buf_view(&plain);
	}
	u->document.limit = USERDATA_DECODED_MAX;
	if (looks_like_gzip(raw))
		return decode_gzip(raw, &u->document, e);
	r = buf_add(&u->document, raw.p, raw.len);
	return r < 0 ? err_set(e, r, "read user data") : 0;
}

static enum part_kind kind_of_type(struct view type)
{
	if (view_is_nocase(type, TYPE_ENV))
		return PART_ENV;
	return view_is_nocase(type, TYPE_JSON) ? PART_JSON : PART_FOREIGN;
}

static int add_part(struct userdata *u, const struct part *part, struct err *e)
{
	struct part *more;

	if (u->n_parts == USERDATA_PARTS_MAX)
		return err_say(e, -EMSGSIZE, "parse user data: more than %d parts", USERDATA_PARTS_MAX);
	more = reallocarray(u->parts, u->n_parts + 1, sizeof *more);
	if (!more)
		return err_set(e, -ENOMEM, "parse user data");
	u->parts = more;
	u->parts[u->n_parts] = *part;
	u->parts[u->n_parts].number = (unsigned) u->n_parts + 1;
	u->n_parts++;
	return 0;
}

/* Other encodings (7bit, 8bit, binary, or nonsense) leave the body as it is, as cloud-init does. */
static int decode_body(const struct mime_part *m, struct part *part)
{
	int r = 0;

	if (view_is_nocase(m->encoding, "base64"))
		r = decode_base64(m->body, &part->own);
	else if (view_is_nocase(m->encoding, "quoted-printable"))
		r = decode_quoted_printable(m->body, &part->own);
	else
		part->body = m->body;
	if (!part->body.p)
		part->body = buf_view(&part->own);
	return r;
}

static int take_part(const struct mime_part *m, void *ctx)
{
	struct collector *c = ctx;
	struct part part = { .kind = kind_of_type(m->type), .type = m->type };
	int r;

	part.own.limit = USERDATA_DECODED_MAX - c->u->decoded;
	r = decode_body(m, &part);
	if (r < 0)
		r = err_set(c->e, r, "decode part %zu of the user data", c->u->n_parts + 1);
	else
		r = add_part(c->u, &part, c->e);
	if (r < 0)
		buf_done(&part.own);
	c->u->decoded += part.own.len;
	return r;
}

static int add_whole(struct userdata *u, struct err *e)
{
	struct view text = view_trim(buf_view(&u->document)), rest = text, first = { "", 0 };
	struct part part = { .kind = PART_FOREIGN, .type = view_of("text/x-not-multipart"), .body = buf_view(&u->document) };

	if (text.len == 0)
		return 0;
	(void) view_line(&rest, &first);
	if (text.p[0] == '{')
		part.kind = PART_JSON;
	else if (view_is(view_trim(first), "#ecs-bootstrap"))
		part.kind = PART_ENV;
	return add_part(u, &part, e);
}

int userdata_parse(struct view raw, struct userdata **ret, struct err *e)
{
	AUTO_USERDATA *u = calloc(1, sizeof *u);
	struct collector c = { .u = u, .e = e };
	int r;

	if (!u)
		return err_set(e, -ENOMEM, "parse user data");
	r = unwrap(raw, u, e);
	if (r < 0)
		return r;
	if (mime_is(buf_view(&u->document)))
		r = mime_walk(buf_view(&u->document), take_part, &c, e);
	else
		r = add_whole(u, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(u);
	return 0;
}
