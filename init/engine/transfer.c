#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "init/engine/transfer.h"

enum {
	CONNECT_MS = 5000,
	STALL_S = 20,
	TRY_MS = 15 * 60 * 1000, /* the next try goes on where this one ended */
	ERROR_TEXT_MAX = 64 << 10,
};

/* What the bytes of one answer are met with. */
struct arrival {
	struct transfer   *t;
	struct http_reply  reply;
	struct err        *e;
	uint64_t           whole; /* 0: nobody said */
	bool               begun;
	int                r;     /* why it was stopped from here */
};

static void arrival_done(struct arrival *a)
{
	http_reply_done(&a->reply);
}

int transfer_range(struct view text, uint64_t *ret_first, uint64_t *ret_whole)
{
	struct view first, last;
	uint64_t from, to, whole;

	if (!view_starts(text, "bytes "))
		return -EBADMSG;
	text = view_trim((struct view) { text.p + 6, text.len - 6 });
	first = view_cut(&text, '-');
	last = view_cut(&text, '/');
	if (parse_u64(first, INT64_MAX, &from) < 0 || parse_u64(last, INT64_MAX, &to) < 0 || parse_u64(text, INT64_MAX, &whole) < 0)
		return -EBADMSG;
	if (from > to || to >= whole)
		return -EBADMSG;
	*ret_first = from;
	*ret_whole = whole;
	return 0;
}

/* As err_say, for outcomes. */
PRINTF_LIKE(3, 4)
static int say(struct err *e, int outcome, const char *fmt, ...)
{
	char text[sizeof e->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	(void) err_say(e, -EPROTO, "%s", text);
	return outcome;
}

static int hash_piece(void *ctx, struct view data, struct err *e)
{
	return signature_add(ctx, data.p, data.len, e);
}

static int start_afresh(struct arrival *a)
{
	struct view etag = { "", 0 };
	int r;

	(void) http_header(&a->reply, "ETag", &etag);
	if (etag.len < 2 || etag.p[0] != '"' || memchr(etag.p, '\n', etag.len))
		etag.len = 0; /* a weak one does not say that the bytes are the same */
	r = partial_restart(a->t->to, a->t->key, etag, a->e);
	a->t->resumed = 0;
	return r < 0 ? r : signature_restart(a->t->signature, a->e);
}

/* An answer to a range is one only if it says so; else it is the whole object. */
static int begin(struct arrival *a)
{
	struct partial *to = a->t->to;
	struct view text;
	uint64_t first = 0;
	int r = 0;

	a->begun = true;
	if (!http_header(&a->reply, "Content-Range", &text)) {
		if (http_header(&a->reply, "Content-Length", &text))
			(void) !parse_u64(text, INT64_MAX, &a->whole);
		r = start_afresh(a);
	} else if (transfer_range(text, &first, &a->whole) < 0 || first != to->size) {
		r = partial_restart(to, "", view_of(""), a->e); /* who answers so cannot be gone on with */
		return r < 0 ? r : say(a->e, BUCKET_LATER, "GET %.300s: the answer is of the range '%.*s'", a->t->url, VIEW_ARG(text, (size_t) 60));
	} else if (first == 0) {
		r = start_afresh(a);
	}
	if (r == 0 && a->whole > TRANSFER_MAX)
		return say(a->e, BUCKET_LACKS, "GET %.300s: %llu bytes are too much for an agent's image", a->t->url, (unsigned long long) a->whole);
	return r < 0 ? r : partial_room(to, a->whole - to->size, a->e);
}

static int take(struct arrival *a, struct view chunk)
{
	struct transfer *t = a->t;
	int r = a->begun ? 0 : begin(a);
	uint64_t end;

	if (r != 0)
		return r;
	end = t->to->size + chunk.len;
	if (end > TRANSFER_MAX || (a->whole > 0 && end > a->whole))
		return say(a->e, BUCKET_LACKS, "GET %.300s: more comes than was announced, or than an agent's image has", t->url);
	r = partial_write(t->to, chunk, a->e);
	if (r == 0)
		r = signature_add(t->signature, chunk.p, chunk.len, a->e);
	if (r == 0)
		t->progress(t->ctx, t->to->size, a->whole);
	return r;
}

static bool on_chunk(void *ctx, struct view chunk)
{
	struct arrival *a = ctx;

	a->r = take(a, chunk);
	return a->r == 0;
}

/* The whole file is there: is it the right one? A bad one that began in an earlier process may only have been damaged there. */
static int judge(struct transfer *t, struct err *e)
{
	bool resumed = t->resumed > 0;
	int r = signature_check(t->signature, e), r2;
	struct err lost;

	if (r == 0)
		return 0;
	r2 = partial_restart(t->to, "", view_of(""), &lost);
	if (r2 < 0 || r != -EKEYREJECTED)
		return r2 < 0 ? r2 : r;
	(void) err_wrap(e, "verify '%.300s'", t->url);
	return resumed ? BUCKET_LATER : BUCKET_LACKS;
}

static int finish(struct arrival *a)
{
	struct transfer *t = a->t;

	if (!a->begun && a->reply.status != 416 && (a->r = begin(a)) != 0)
		return a->r; /* an empty object */
	if (a->reply.status != 416 && t->to->size < a->whole)
		return say(a->e, BUCKET_LATER, "GET %.300s: cut off after %llu of %llu bytes", t->url, (unsigned long long) t->to->size,
			   (unsigned long long) a->whole);
	return judge(t, a->e);
}

/* What is there is hashed again in each try: that costs a fifth of a second, and trusts nothing but the file. */
static int prepare(struct transfer *t, char range[64], char match[288], const char *headers[3], struct err *e)
{
	const char *etag = partial_etag(t->to, t->key);
	int r = signature_restart(t->signature, e);

	headers[0] = NULL;
	t->resumed = 0;
	if (r == 0 && !etag && t->to->size > 0)
		r = partial_restart(t->to, "", view_of(""), e);
	if (r < 0 || !etag)
		return r;
	snprintf(range, 64, "Range: bytes=%llu-", (unsigned long long) t->to->size);
	snprintf(match, 288, "If-Range: %s", etag);
	headers[0] = range;
	headers[1] = match;
	headers[2] = NULL;
	t->resumed = t->to->size;
	return partial_read(t->to, hash_piece, t->signature, e);
}

int transfer_run(struct transfer *t, struct err *e)
{
	CLEANUP(arrival_done) struct arrival a = { .t = t, .e = e };
	char range[64], match[288];
	const char *headers[3];
	struct http_request rq = {
		.headers = headers, .connect_ms = CONNECT_MS, .total_ms = TRY_MS, .stall_s = STALL_S, .max_reply = ERROR_TEXT_MAX,
		.on_chunk = on_chunk, .ctx = &a,
	};
	struct err net;
	int r = prepare(t, range, match, headers, e);

	t->wait_ms = 0;
	if (r < 0)
		return r;
	r = bucket_get(t->s3, t->bucket, t->key, &rq, &a.reply, t->url, &net);
	if (a.r != 0)
		return a.r;
	if (r == 0)
		return finish(&a);
	*e = net;
	t->wait_ms = bucket_patience_ms(&a.reply);
	return r;
}
