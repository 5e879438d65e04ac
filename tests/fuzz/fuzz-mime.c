/* The MIME walk: all that it gives lies inside the document, in order, and it comes to an end. */
#include <string.h>

#include "cloud-init/header.h"
#include "cloud-init/mime.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	struct view document;
	const char *last;
	size_t      parts;
};

static void need(bool so)
{
	if (!so)
		abort();
}

static void need_inside(const struct seen *s, struct view v)
{
	need(v.len == 0 || (v.p >= s->document.p && v.p + v.len <= s->document.p + s->document.len));
}

static int see_part(const struct mime_part *m, void *ctx)
{
	struct seen *s = ctx;
	AUTO_BUF name = { .limit = 3 * m->headers.len + 1 };

	need_inside(s, m->headers);
	need_inside(s, m->body);
	need_inside(s, m->encoding);
	need(m->type.len > 0 && memchr(m->type.p, '/', m->type.len));
	need(m->headers.p >= s->last);
	need(!m->message || m->body.len == 0);
	s->last = m->body.p ? m->body.p + m->body.len : m->headers.p + m->headers.len;
	need(header_filename(m->headers, &name) == 0);
	return ++s->parts > 4096 ? 1 : 0;
}

static void see_event(enum mime_event event, struct view where, void *ctx)
{
	need(event <= MIME_AFTER);
	need_inside(ctx, where);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen s = { { (const char *) data, len }, (const char *) data, 0 };
	struct mime_sink sink = { .part = see_part, .event = see_event, .ctx = &s };
	struct err e;
	int r = mime_walk(s.document, &sink, &e);

	need(r <= 1);
	need(s.parts <= len);
	return 0;
}
