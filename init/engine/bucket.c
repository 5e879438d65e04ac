#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "init/engine/bucket.h"

int bucket_url(const struct aws_place *p, const struct agent_bucket *b, const char *key, char ret[BUCKET_URL_SIZE], struct err *e)
{
	char base[512], host[AWS_HOST_SIZE];
	int r = aws_endpoint_base("s3", base, sizeof base, e);

	if (r == AWS_OVERRIDDEN) {
		snprintf(ret, BUCKET_URL_SIZE, "%s/%s/%s", base, b->name, key);
		return 0;
	}
	if (r == 0)
		r = aws_host(p, "s3", b->region, host, e);
	if (r == 0)
		snprintf(ret, BUCKET_URL_SIZE, "https://%s.%s/%s", b->name, host, key);
	return r;
}

enum bucket_verdict bucket_judge(long status)
{
	switch (status) {
	case 200:
	case 206:
		return BUCKET_V_OK;
	case 416:
		return BUCKET_V_WHOLE;
	case 301:
	case 307:
	case 400: /* S3 answers so too to the wrong region */
		return BUCKET_V_MOVED;
	case 408:
	case 425:
	case 429:
		return BUCKET_V_LATER;
	default:
		return status >= 500 ? BUCKET_V_LATER : BUCKET_V_LACKS;
	}
}

unsigned bucket_patience_ms(const struct http_reply *reply)
{
	struct view text;
	uint64_t s;

	return http_header(reply, "Retry-After", &text) && parse_u64(text, 60, &s) == 0 ? (unsigned) s * 1000 : 0;
}

/* S3's errors are <Error><Code>…</Code>…; the code says more than the number. */
static struct view error_code(const struct http_reply *reply)
{
	struct view body = buf_view(&reply->body);
	const char *at = body.len ? memmem(body.p, body.len, "<Code>", 6) : NULL, *end;

	if (!at)
		return view_of("");
	at += 6;
	end = memchr(at, '<', (size_t) (body.p + body.len - at));
	return end && end - at <= 64 ? (struct view) { at, (size_t) (end - at) } : view_of("");
}

static int refused(const char *url, const struct http_reply *reply, int outcome, struct err *e)
{
	struct view code = error_code(reply);

	(void) err_say(e, -EREMOTEIO, "GET %.300s: HTTP status %ld%s%.*s", url, reply->status, code.len ? " " : "", VIEW_ARG(code, (size_t) 64));
	return outcome;
}

static bool moves(struct agent_bucket *b, const struct http_reply *reply)
{
	struct view region;

	if (!http_header(reply, "x-amz-bucket-region", &region) || !aws_is_region(region) || view_is(region, b->region))
		return false;
	snprintf(b->region, sizeof b->region, "%.*s", VIEW_ARG(region, sizeof b->region - 1));
	return true;
}

int bucket_get(const struct s3 *s3, struct agent_bucket *b, const char *key, struct http_request *rq, struct http_reply *reply,
	       char *ret_url, struct err *e)
{
	rq->method = "GET";
	rq->url = ret_url;
	rq->outside = &s3->outside;
	for (int tries = 0;; tries++) {
		int r = bucket_url(&s3->place, b, key, ret_url, e);

		if (r == 0)
			r = http_do(s3->http, rq, reply, e);
		if (r < 0)
			return r == -ECANCELED || r == -ENOMEM || r == -EINVAL ? r : BUCKET_LATER;
		switch (bucket_judge(reply->status)) {
		case BUCKET_V_OK:
		case BUCKET_V_WHOLE:
			return 0;
		case BUCKET_V_MOVED:
			if (tries > 0 || !moves(b, reply))
				return refused(ret_url, reply, BUCKET_LACKS, e);
			break;
		case BUCKET_V_LATER:
			return refused(ret_url, reply, BUCKET_LATER, e);
		case BUCKET_V_LACKS:
			return refused(ret_url, reply, BUCKET_LACKS, e);
		}
	}
}
