#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/aws-credentials.h"
#include "common/aws-place.h"
#include "common/aws.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/parse.h"
#include "common/sigv4.h"

enum {
	URL_MAX = 4096,
	CONNECT_MS = 5000,
	TRY_MS = 15000,
	CREDENTIALS_MS = 30000, /* how late a new instance's role may be */
	RENEW_S = 300,          /* before they end */
	SKEW_S = 60,            /* a signature is good for five minutes; less than this is not our clock's fault */
};

static const struct backoff pace = { .first_ms = 250, .max_ms = 5000, .jitter_percent = 30 };

struct aws {
	struct imds           *imds;
	struct http           *http;
	struct http_outside    outside;
	struct aws_place       place;
	struct aws_credentials key;
	time_t                 clock_offset; /* what to add to ours, seconds */
};

/* One call on its way. */
struct course {
	const struct aws_call *call;
	long                   deadline;
	char                   region[AWS_REGION_SIZE];
	bool                   clock_set, moved;
	unsigned               failures;
};

void aws_freep(struct aws **a)
{
	if (!*a)
		return;
	aws_credentials_done(&(*a)->key);
	http_freep(&(*a)->http);
	free((char *) (*a)->outside.proxy);
	free((char *) (*a)->outside.no_proxy);
	free(*a);
	*a = NULL;
}

void aws_answer_done(struct aws_answer *a)
{
	http_reply_done(&a->reply);
}

const char *aws_region(const struct aws *a)
{
	return a->place.region;
}

const char *aws_role(const struct aws *a)
{
	return a->key.role;
}

bool aws_parse_date(struct view text, time_t *ret)
{
	char line[64];
	struct tm tm = { .tm_isdst = 0 };
	const char *end;

	snprintf(line, sizeof line, "%.*s", VIEW_ARG(text, sizeof line - 1));
	end = strptime(line, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!end || *end)
		return false;
	*ret = timegm(&tm);
	return true;
}

int aws_open(struct imds *i, int root, const struct http_outside *outside, struct aws **ret, struct err *e)
{
	AUTO_AWS *a = calloc(1, sizeof *a);
	int r;

	if (!a)
		return err_set(e, -ENOMEM, "set up calls to AWS");
	a->imds = i;
	a->outside.proxy = outside && outside->proxy ? strdup(outside->proxy) : NULL;
	a->outside.no_proxy = outside && outside->no_proxy ? strdup(outside->no_proxy) : NULL;
	a->outside.ca_file = getenv("AWS_CA_BUNDLE");
	aws_place_look(root, &a->place);
	if ((r = http_new(&a->http, e)) < 0 || (r = aws_place_ask(i, &a->place, e)) < 0)
		return r;
	*ret = TAKE_PTR(a);
	return 0;
}

/* "https://host" of the service, or what the environment says instead. */
static int find_base(const struct aws *a, const struct course *at, char *ret, size_t size, struct err *e)
{
	int r = aws_endpoint_base(at->call->service, ret, size, e);
	char host[AWS_HOST_SIZE];

	if (r != 0)
		return r < 0 ? r : 0;
	r = aws_host(&a->place, at->call->service, at->region, host, e);
	snprintf(ret, size, "https://%s", r < 0 ? "" : host);
	return r;
}

/* Header lines in one buffer each, which is wiped when it goes: two of them are secrets of a sort. */
struct lines {
	struct buf  authorization, token;
	char        date[SIGV4_TIME_SIZE + 16], hash[SIGV4_HASH_SIZE + 32], target[128];
	const char *list[8];
};

static void lines_done(struct lines *l)
{
	buf_done(&l->authorization);
	buf_done(&l->token);
}

/* The lines that are signed by their names; the signer adds host, date and token by itself. */
static size_t own_lines(const struct aws_call *c, const char *hash, struct lines *l)
{
	size_t n = 0;

	if (c->target) {
		snprintf(l->target, sizeof l->target, "X-Amz-Target: %s", c->target);
		l->list[n++] = "Content-Type: application/x-amz-json-1.1";
		l->list[n++] = l->target;
	} else {
		snprintf(l->hash, sizeof l->hash, "X-Amz-Content-Sha256: %s", hash);
		l->list[n++] = l->hash; /* S3 wants to see it */
	}
	l->list[n] = NULL;
	return n;
}

static int sign(const struct aws *a, const struct course *at, const char *host, struct lines *l, struct err *e)
{
	const struct aws_call *c = at->call;
	struct sigv4_key key = { .id = a->key.id, .secret = a->key.secret, .token = a->key.token };
	char hash[SIGV4_HASH_SIZE], when[SIGV4_TIME_SIZE], path[URL_MAX];
	const char *query = c->path ? strchr(c->path, '?') : NULL;
	struct sigv4_request rq = { .method = c->target ? "POST" : "GET", .host = host, .path = path, .query = query ? query + 1 : NULL,
				    .headers = l->list, .payload_hash = hash, .time = when, .region = at->region, .service = c->service };
	size_t n;
	int r = sigv4_hash(c->body, hash);

	if (r < 0)
		return err_set(e, r, "hash a request to %s", host);
	snprintf(path, sizeof path, "%.*s", query ? (int) (query - c->path) : (int) sizeof path - 1, c->path ? c->path : "/");
	sigv4_time(time(NULL) + a->clock_offset, when);
	n = own_lines(c, hash, l);
	r = buf_printf(&l->authorization, "Authorization: ");
	r = r ? err_set(e, r, "sign a request to %s", host) : sigv4_sign(&rq, &key, &l->authorization, e);
	if (r < 0)
		return r;
	if (buf_printf(&l->token, "X-Amz-Security-Token: %s", a->key.token) < 0)
		return err_set(e, -ENOMEM, "sign a request to %s", host);
	snprintf(l->date, sizeof l->date, "X-Amz-Date: %s", when);
	l->list[n++] = l->date;
	l->list[n++] = l->token.p;
	l->list[n++] = l->authorization.p;
	l->list[n] = NULL;
	return 0;
}

static int send_once(struct aws *a, const struct course *at, struct http_reply *reply, struct err *e)
{
	CLEANUP(lines_done) struct lines lines = { .list = { NULL } };
	const struct aws_call *c = at->call;
	char base[AWS_HOST_SIZE + 16], url[URL_MAX];
	long left = at->deadline - clock_ms();
	int r = find_base(a, at, base, sizeof base, e);

	reply->status = 0;
	buf_clear(&reply->headers);
	r = r ? r : sign(a, at, strstr(base, "//") + 2, &lines, e);
	if (r < 0)
		return r;
	if (snprintf(url, sizeof url, "%s%s", base, c->path ? c->path : "/") >= (int) sizeof url)
		return err_set(e, -ENAMETOOLONG, "ask %s", base);
	struct http_request rq = {
		.method = c->target ? "POST" : "GET", .url = url, .headers = lines.list, .body = c->body, .outside = &a->outside,
		.connect_ms = CONNECT_MS, .total_ms = left > TRY_MS ? TRY_MS : left > 100 ? left : 100, .max_reply = c->max_reply,
	};
	return http_do(a->http, &rq, reply, e);
}

/* The difference between the server's clock and ours. false: it is not told, or too small to explain anything. */
static bool set_clock(struct aws *a, const struct http_reply *reply)
{
	struct view text;
	time_t theirs, off;

	if (!http_header(reply, "Date", &text) || !aws_parse_date(text, &theirs))
		return false;
	off = theirs - time(NULL) - a->clock_offset;
	if (off > -SKEW_S && off < SKEW_S)
		return false;
	a->clock_offset += off;
	return true;
}

/* Sleeps before the next try. false: the deadline would be over by then. */
static bool pause_before_retry(struct course *at, const struct http_reply *reply)
{
	unsigned ms = backoff_ms(&pace, ++at->failures, clock_dice());
	struct view text;
	uint64_t after;

	if (http_header(reply, "Retry-After", &text) && parse_u64(text, 60, &after) == 0 && after * 1000 > ms)
		ms = (unsigned) after * 1000;
	if (clock_ms() + (long) ms >= at->deadline)
		return false;
	clock_sleep_ms(ms);
	return true;
}

static int need_credentials(struct aws *a, const struct course *at, bool anew, struct err *e)
{
	long left = at->deadline - clock_ms();
	int r;

	if (!anew && a->key.id[0] && a->key.expires - RENEW_S > time(NULL) + a->clock_offset)
		return 0;
	r = aws_credentials_get(a->imds, left > CREDENTIALS_MS ? CREDENTIALS_MS : left > 0 ? (unsigned) left : 0, &a->key, e);
	return r == AWS_NO_ROLE ? AWS_ROLE_ABSENT : r;
}

static void read_refusal(struct aws_answer *ret)
{
	struct view region;

	aws_error_read(buf_view(&ret->reply.body), &ret->error);
	if (http_header(&ret->reply, "x-amz-bucket-region", &region) && aws_is_region(region))
		snprintf(ret->error.region, sizeof ret->error.region, "%.*s", VIEW_ARG(region, AWS_REGION_SIZE - 1));
}

/* Whether to try again after this answer; what is to be different then has been changed. */
static bool again(struct aws *a, struct course *at, const struct aws_answer *answer, bool *ret_renew)
{
	bool first;

	*ret_renew = false;
	switch (aws_judge(answer->reply.status, &answer->error, at->region)) {
	case AWS_V_OK:
	case AWS_V_REFUSED:
		return false;
	case AWS_V_CLOCK:
		first = !at->clock_set;
		at->clock_set = true;
		return first && set_clock(a, &answer->reply);
	case AWS_V_REGION:
		first = !at->moved;
		at->moved = true;
		if (first)
			snprintf(at->region, sizeof at->region, "%s", answer->error.region);
		return first;
	case AWS_V_NEW_CREDENTIALS:
		*ret_renew = true;
		break;
	case AWS_V_RETRY:
		break;
	}
	return pause_before_retry(at, &answer->reply);
}

/* What a failure without an answer is worth a second try for. */
static bool may_pass(int code, bool once)
{
	switch (code) {
	case -ECONNREFUSED:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
		return true; /* nothing was sent */
	case -ETIMEDOUT:
	case -ECONNRESET:
	case -EIO:
		return !once;
	default:
		return false;
	}
}

int aws_do(struct aws *a, const struct aws_call *c, struct aws_answer *ret, struct err *e)
{
	struct course at = { .call = c, .deadline = clock_ms() + (long) c->deadline_ms };
	bool renew = false;

	snprintf(at.region, sizeof at.region, "%s", c->region ? c->region : a->place.region);
	for (;;) {
		int r = need_credentials(a, &at, renew, e);

		if (r == 0)
			r = send_once(a, &at, &ret->reply, e);
		else
			return r;
		snprintf(ret->region, sizeof ret->region, "%s", at.region);
		renew = false;
		if (r < 0) {
			if (!may_pass(r, c->once) || !pause_before_retry(&at, &ret->reply))
				return r;
			continue;
		}
		if (ret->reply.status / 100 == 2)
			return 0;
		read_refusal(ret);
		if (!again(a, &at, ret, &renew))
			return AWS_REFUSED;
	}
}
