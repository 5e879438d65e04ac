#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "init/engine/load-reply.h"

#define LOADED "Loaded image"

static void keep_error(struct load_reply *r, struct view text)
{
	if (!r->failed)
		snprintf(r->error, sizeof r->error, "%.*s", VIEW_ARG(text, sizeof r->error - 1));
	r->failed = true;
}

/* "Loaded image: NAME", or "Loaded image ID: sha256:…" of one without a name. */
static void take_name(struct load_reply *r, struct view text)
{
	if (!view_starts(text, LOADED))
		return;
	(void) view_cut(&text, ':');
	text = view_trim(text);
	if (view_starts(text, "docker.io/"))
		text = (struct view) { text.p + 10, text.len - 10 };
	if (view_is(text, r->image))
		r->brought = true;
	else if (text.len > 0)
		snprintf(r->other, sizeof r->other, "%.*s", VIEW_ARG(text, sizeof r->other - 1));
}

/* A line that is no JSON, or too long to be kept whole, says at least that there was an error. */
static void take_line(struct load_reply *r)
{
	struct view line = view_trim((struct view) { r->line, r->len });
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err unused;
	const char *error, *stream;

	if (line.len == 0)
		return;
	if (json_parse(line, &o, &at, &unused) < 0) {
		if (memmem(line.p, line.len, "\"error", 6))
			keep_error(r, line);
		return;
	}
	error = json_text(o, "error", NULL);
	if (!error)
		error = json_text(o, "errorDetail", "message", NULL);
	stream = json_text(o, "stream", NULL);
	if (error)
		keep_error(r, view_of(error));
	if (stream)
		take_name(r, view_of(stream));
}

void load_reply_add(struct load_reply *r, struct view chunk)
{
	while (chunk.len > 0) {
		const char *end = memchr(chunk.p, '\n', chunk.len);
		size_t n = end ? (size_t) (end - chunk.p) : chunk.len, fits = sizeof r->line - r->len;

		memcpy(r->line + r->len, chunk.p, n < fits ? n : fits);
		r->len += n < fits ? n : fits;
		chunk.p += n + (end ? 1 : 0);
		chunk.len -= n + (end ? 1 : 0);
		if (end) {
			take_line(r);
			r->len = 0;
		}
	}
}

int load_reply_end(struct load_reply *r, struct err *e)
{
	take_line(r);
	r->len = 0;
	if (r->failed)
		return err_say(e, -EREMOTEIO, "Docker says: %s", r->error);
	if (r->other[0] && !r->brought)
		return err_say(e, -ENOENT, "it holds '%s', not '%s'", r->other, r->image);
	return 0;
}
