#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/http.h"
#include "common/imds-reply.h"
#include "common/imds.h"
#include "common/parse.h"

#define ENDPOINT_V4 "http://169.254.169.254"
#define ENDPOINT_V6 "http://[fd00:ec2::254]"
#define TOKEN_TTL   "300" /* seconds; the longest run of ours is shorter */

enum {
	URL_MAX = 512,
	ERROR_PAGE_MAX = 4096,
	CONNECT_MS = 1000,
	TOTAL_MS = 2000,
	STAGGER_MS = 150, /* as cloud-init does */
};

static const struct backoff pace = { .first_ms = 200, .max_ms = 5000, .jitter_percent = 20 };

struct imds {
	struct http *http;
	char         endpoint[256];
	char         token_header[IMDS_TOKEN_MAX + 64];
	long         deadline; /* clock_ms() */
};

enum imds_verdict imds_judge_token(long status)
{
	switch (status) {
	case 200:
		return IMDS_V_OK;
	case 403:
		return IMDS_V_OFF; /* HttpEndpoint=disabled */
	case 0:
	case 429:
		return IMDS_V_RETRY;
	default:
		return status >= 500 ? IMDS_V_RETRY : IMDS_V_REFUSED;
	}
}

enum imds_verdict imds_judge_get(long status)
{
	switch (status) {
	case 401:
		return IMDS_V_NEW_TOKEN;
	case 404:
		return IMDS_V_ABSENT;
	default:
		return imds_judge_token(status);
	}
}

void imds_freep(struct imds **i)
{
	if (!*i)
		return;
	http_freep(&(*i)->http);
	explicit_bzero((*i)->token_header, sizeof (*i)->token_header);
	free(*i);
	*i = NULL;
}

const char *imds_endpoint(const struct imds *i)
{
	return i->endpoint;
}

/* No single try outlasts the deadline of all; the last one still gets a moment. */
static long try_ms(const struct imds *i)
{
	long left = i->deadline - clock_ms();

	return left > TOTAL_MS ? TOTAL_MS : left > 100 ? left : 100;
}

static struct http_request token_request(const struct imds *i, const char *url)
{
	static const char *const headers[] = { "X-aws-ec2-metadata-token-ttl-seconds: " TOKEN_TTL, NULL };

	return (struct http_request) {
		.method = "PUT",
		.url = url,
		.headers = headers,
		.connect_ms = CONNECT_MS,
		.total_ms = try_ms(i),
		.max_reply = IMDS_TOKEN_MAX,
	};
}

/* One PUT: to the endpoint in use, or to both families while none is. */
static int put_once(struct imds *i, struct http_reply *reply, struct err *e)
{
	char url[2][URL_MAX];
	int who = 0;

	snprintf(url[0], URL_MAX, "%s/latest/api/token", i->endpoint[0] ? i->endpoint : ENDPOINT_V4);
	snprintf(url[1], URL_MAX, "%s/latest/api/token", ENDPOINT_V6);
	struct http_request rq[2] = { token_request(i, url[0]), token_request(i, url[1]) };

	if (i->endpoint[0])
		return http_do(i->http, &rq[0], reply, e);
	who = http_race(rq, STAGGER_MS, reply, e);
	if (who < 0)
		return who;
	snprintf(i->endpoint, sizeof i->endpoint, "%s", who == 0 ? ENDPOINT_V4 : ENDPOINT_V6);
	return 0;
}

/* Sleeps before try number n + 1. false: the deadline would be over by then. */
static bool pause_before_retry(const struct imds *i, unsigned failures, const struct http_reply *reply)
{
	unsigned ms = backoff_ms(&pace, failures, clock_dice());
	struct view text;
	uint64_t after;

	if (http_header(reply, "Retry-After", &text) && parse_u64(text, 60, &after) == 0 && after * 1000 > ms)
		ms = (unsigned) after * 1000;
	if (clock_ms() + (long) ms >= i->deadline)
		return false;
	clock_sleep_ms(ms);
	return true;
}

static int keep_token(struct imds *i, const struct http_reply *reply, struct err *e)
{
	struct view token;

	if (!imds_reply_token(buf_view(&reply->body), &token))
		return err_say(e, -EBADMSG, "PUT %s/latest/api/token: the answer is not a token", i->endpoint);
	snprintf(i->token_header, sizeof i->token_header, "X-aws-ec2-metadata-token: %.*s", VIEW_ARG(token, IMDS_TOKEN_MAX));
	return 0;
}

static int get_token(struct imds *i, struct err *e)
{
	AUTO_REPLY reply = { 0 };

	for (unsigned failures = 1;; failures++) {
		int r = put_once(i, &reply, e);

		if (r < 0)
			reply.status = 0;
		switch (imds_judge_token(reply.status)) {
		case IMDS_V_OK:
			return keep_token(i, &reply, e);
		case IMDS_V_OFF:
			return IMDS_OFF;
		case IMDS_V_RETRY:
			if (r == -EMSGSIZE || r == -EBADMSG)
				return r; /* somebody answers there, but it is no metadata service */
			break;
		default:
			return err_say(e, -EPROTO, "PUT %s/latest/api/token: HTTP status %ld", i->endpoint, reply.status);
		}
		if (r == 0)
			(void) err_say(e, -EAGAIN, "PUT %s/latest/api/token: HTTP status %ld", i->endpoint, reply.status);
		if (!pause_before_retry(i, failures, &reply))
			return e->code;
	}
}

static bool env_is(const char *name, const char *value)
{
	const char *have = getenv(name);

	return have && strcasecmp(have, value) == 0;
}

/* Fixes the endpoint if the environment names one. */
static int choose_endpoint(struct imds *i, struct err *e)
{
	const char *base = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	size_t len = base ? strlen(base) : 0;

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (len >= sizeof i->endpoint || (len > 0 && (strncmp(base, "http://", 7) != 0 || len <= 7)))
		return err_say(e, -EINVAL, "read AWS_EC2_METADATA_SERVICE_ENDPOINT: '%.80s' is no http:// address", base);
	if (len > 0)
		snprintf(i->endpoint, sizeof i->endpoint, "%.*s", (int) len, base);
	else if (env_is("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"))
		snprintf(i->endpoint, sizeof i->endpoint, ENDPOINT_V6);
	else if (env_is("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv4"))
		snprintf(i->endpoint, sizeof i->endpoint, ENDPOINT_V4);
	return 0;
}

int imds_open(unsigned deadline_ms, struct imds **ret, struct err *e)
{
	AUTO_IMDS *i = NULL;
	int r;

	if (env_is("AWS_EC2_METADATA_DISABLED", "true"))
		return IMDS_OFF;
	i = calloc(1, sizeof *i);
	if (!i)
		return err_set(e, -ENOMEM, "set up the metadata client");
	i->deadline = clock_ms() + (long) deadline_ms;
	if ((r = choose_endpoint(i, e)) < 0 || (r = http_new(&i->http, e)) < 0)
		return r;
	r = get_token(i, e);
	if (r != 0)
		return r;
	*ret = TAKE_PTR(i);
	return 0;
}

/* IMDS answers text/plain or application/octet-stream; a web page comes from somebody in between. */
static int keep_body(const struct http_reply *reply, const char *url, size_t limit, struct buf *b, struct err *e)
{
	struct view type;
	int r;

	if (http_header(reply, "Content-Type", &type) && view_starts(type, "text/html"))
		return err_say(e, -EBADMSG, "GET %s: the answer is a web page, not metadata", url);
	if (reply->body.len > limit)
		return err_say(e, -EMSGSIZE, "GET %s: reply larger than %zu bytes", url, limit);
	r = buf_add(b, reply->body.p, reply->body.len);
	return r < 0 ? err_set(e, r, "GET %s", url) : 0;
}

int imds_get(struct imds *i, const char *path, size_t limit, struct buf *b, struct err *e)
{
	AUTO_REPLY reply = { 0 };
	const char *headers[] = { i->token_header, NULL };
	bool renewed = false;
	char url[URL_MAX];

	snprintf(url, sizeof url, "%s/latest/%s", i->endpoint, path);
	struct http_request rq = {
		.method = "GET", .url = url, .headers = headers, .connect_ms = CONNECT_MS,
		.max_reply = limit > ERROR_PAGE_MAX ? limit : ERROR_PAGE_MAX, /* a 404 brings a page that must not look like a large value */
	};

	for (unsigned failures = 1;; failures++) {
		int r;

		rq.total_ms = try_ms(i);
		r = http_do(i->http, &rq, &reply, e);
		if (r < 0)
			reply.status = 0;
		switch (imds_judge_get(reply.status)) {
		case IMDS_V_OK:
			return keep_body(&reply, url, limit, b, e);
		case IMDS_V_ABSENT:
			return IMDS_ABSENT;
		case IMDS_V_OFF:
			return IMDS_OFF;
		case IMDS_V_NEW_TOKEN:
			if (renewed)
				return err_say(e, -EACCES, "GET %s: HTTP status 401 with a new token too", url);
			renewed = true;
			if ((r = get_token(i, e)) != 0)
				return r;
			continue;
		case IMDS_V_RETRY:
			if (r == -EMSGSIZE || r == -EBADMSG)
				return r;
			break;
		default:
			return err_say(e, -EPROTO, "GET %s: HTTP status %ld", url, reply.status);
		}
		if (r == 0)
			(void) err_say(e, -EAGAIN, "GET %s: HTTP status %ld", url, reply.status);
		if (!pause_before_retry(i, failures, &reply))
			return e->code;
	}
}

int imds_instance_id(struct imds *i, char ret[32], struct err *e)
{
	AUTO_BUF id = { 0 };
	int r = imds_get(i, "meta-data/instance-id", 64, &id, e);

	if (r == 0 && !imds_reply_instance_id(buf_view(&id), ret))
		return err_say(e, -EBADMSG, "GET %s/latest/meta-data/instance-id: the answer is not an instance id", i->endpoint);
	return r;
}
