#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/aws-place.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/paths.h"
#include "init/engine/download.h"
#include "init/engine/host.h"
#include "init/engine/transfer.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

enum {
	IMDS_MS = 2000, /* for one round; a black hole costs no more of it */
	BUSY_MS = 500,
	SIGNATURE_MS = 15000,
	GAIN = 256 << 10, /* bytes by which a try must have got on to count as progress */
};

static const struct backoff pace = { .first_ms = 1000, .max_ms = 30000, .jitter_percent = 20 };

struct course {
	struct download *d;
	struct host      host;
	struct s3        s3;
	struct partial   partial;
	char             key[AGENT_KEY_SIZE];
	char             no_proxy[512];
	bool             placed;      /* the region is known, as well as it can be */
	bool             guessed;     /* and it was said that it is only a guess */
	bool             rejected;    /* somebody had one with a bad signature */
	long             last_gain;   /* when the last bytes came */
	unsigned         failures, wait_ms;
};

static void course_done(struct course *c)
{
	partial_close(&c->partial);
	http_freep(&c->s3.http);
	free((char *) c->s3.outside.proxy);
	host_done(&c->host);
}

static char *copy_switch(const struct host *h, const char *name)
{
	struct view v;

	return host_switch(h, name, &v) && v.len > 0 ? strndup(v.p, v.len) : NULL;
}

/* The proxy that the agent itself gets. The loopback is never behind one. */
static void look_for_proxy(struct course *c)
{
	struct view no = { "", 0 };

	(void) host_switch(&c->host, "NO_PROXY", &no);
	snprintf(c->no_proxy, sizeof c->no_proxy, "localhost,127.0.0.1,::1,%.*s", VIEW_ARG(no, (size_t) 400));
	c->s3.outside.no_proxy = c->no_proxy;
	c->s3.outside.ca_file = getenv("AWS_CA_BUNDLE");
	c->s3.outside.proxy = copy_switch(&c->host, "HTTPS_PROXY");
	if (!c->s3.outside.proxy)
		c->s3.outside.proxy = copy_switch(&c->host, "HTTP_PROXY");
}

static int prepare(struct course *c, struct err *e)
{
	struct view version = view_of(TEXT(AGENT_VERSION));
	struct utsname machine;
	int r = host_look(c->d->root, &c->host, e);

	if (r < 0)
		return r;
	(void) host_switch(&c->host, "ECS_AGENT_VERSION", &version);
	if (version.len == 0)
		version = view_of(TEXT(AGENT_VERSION));
	uname(&machine);
	r = agent_key(machine.machine, version, c->key, e);
	if (r < 0)
		return r;
	look_for_proxy(c);
	aws_place_look(c->d->root, &c->s3.place);
	return http_new(&c->s3.http, e);
}

/* A region that was given by name; without one the partition aws is the guess, as with ecs-init. */
static void place_by_name(struct course *c, const char *why)
{
	struct view v;
	char text[512];

	if (host_switch(&c->host, "AWS_DEFAULT_REGION", &v) && aws_is_region(v)) {
		snprintf(c->s3.place.region, sizeof c->s3.place.region, "%.*s", VIEW_ARG(v, sizeof c->s3.place.region - 1));
		return;
	}
	snprintf(c->s3.place.region, sizeof c->s3.place.region, "us-east-1");
	snprintf(text, sizeof text, "find the agent's image: %.300s; looking in us-east-1 (AWS_DEFAULT_REGION can name another region)", why);
	if (!c->guessed)
		c->d->warn(c->d->ctx, text);
	c->guessed = true;
}

/* The metadata service may be as late as the network is, so it is asked in each round until it has answered or said no. */
static int find_place(struct course *c, struct err *e)
{
	AUTO_IMDS *i = NULL;
	int r;

	if (c->placed)
		return 0;
	c->placed = c->host.external;
	if (c->placed) {
		place_by_name(c, "an external instance without AWS_DEFAULT_REGION");
		return 0;
	}
	r = imds_open(IMDS_MS, &i, e);
	if (r == 0)
		r = aws_place_ask(i, &c->s3.place, e);
	c->placed = r == 0 || r == IMDS_OFF || r == -EBADMSG;
	if (r != 0)
		place_by_name(c, r < 0 ? e->text : "the metadata service is off");
	return r == -ENOMEM || r == -EINVAL ? r : 0;
}

static void be_patient(struct course *c, unsigned ms)
{
	c->wait_ms = ms > c->wait_ms ? ms : c->wait_ms;
}

static int read_signature(struct course *c, struct agent_bucket *b, struct signature **ret, struct err *e)
{
	AUTO_REPLY reply = { 0 };
	char url[BUCKET_URL_SIZE], key[AGENT_KEY_SIZE + 8];
	struct http_request rq = { .connect_ms = 5000, .total_ms = SIGNATURE_MS, .max_reply = 64 << 10 };
	int r;

	snprintf(key, sizeof key, "%s.asc", c->key);
	r = bucket_get(&c->s3, b, key, &rq, &reply, url, e);
	if (r != 0) {
		be_patient(c, bucket_patience_ms(&reply));
		return r;
	}
	r = signature_new(&agent_signing_key, buf_view(&reply.body), ret, e);
	if (r == 0 || r == -ELIBACC || r == -ENOMEM)
		return r;
	(void) err_wrap(e, "read signature '%.300s'", url);
	return BUCKET_LACKS;
}

/* Again and again while that gets on. */
static int from_bucket(struct course *c, struct agent_bucket *b, struct err *e)
{
	AUTO_SIGNATURE *s = NULL;
	struct transfer t = { .s3 = &c->s3, .bucket = b, .key = c->key, .to = &c->partial, .progress = c->d->progress, .ctx = c->d->ctx };
	int r = read_signature(c, b, &s, e);

	t.signature = s;
	while (r == 0) {
		r = transfer_run(&t, e);
		if (r == 0) {
			snprintf(c->d->url, sizeof c->d->url, "%.*s", (int) sizeof c->d->url - 1, t.url);
			c->d->resumed = t.resumed;
			return 0;
		}
		c->rejected = c->rejected || (r == BUCKET_LACKS && e->code == -EKEYREJECTED);
		if (r != BUCKET_LATER || c->partial.size < t.resumed + GAIN)
			break;
		c->last_gain = clock_ms();
		c->failures = 0;
		c->d->waiting(c->d->ctx, e->text, pace.first_ms);
		clock_sleep_ms(pace.first_ms);
		r = 0;
	}
	be_patient(c, t.wait_ms);
	return r;
}

/* Every bucket once. */
static int one_round(struct course *c, struct err *e)
{
	struct agent_bucket buckets[AGENT_BUCKETS];
	int r = find_place(c, e), result = BUCKET_LACKS;
	struct err first = { .text = "" };
	size_t n;

	c->wait_ms = 0;
	if (r < 0)
		return r;
	n = agent_buckets(&c->s3.place, buckets);
	for (size_t i = 0; i < n; i++) {
		r = from_bucket(c, &buckets[i], e);
		if (r <= 0)
			return r;
		if (r == BUCKET_LATER)
			result = BUCKET_LATER;
		if (i == 0)
			first = *e;
		else
			(void) err_wrap(e, "%.350s; then", first.text);
	}
	return result;
}

static int give_up(const struct course *c, struct err *e)
{
	e->code = c->rejected ? -EKEYREJECTED : -EREMOTEIO;
	return e->code;
}

static int rounds(struct course *c, struct err *e)
{
	for (;;) {
		int r = one_round(c, e);
		unsigned ms;

		if (r <= 0)
			return r;
		if (r == BUCKET_LACKS || (c->d->patience_ms >= 0 && clock_ms() - c->last_gain >= c->d->patience_ms))
			return give_up(c, e);
		ms = backoff_ms(&pace, ++c->failures, clock_dice());
		ms = c->wait_ms > ms ? c->wait_ms : ms;
		c->d->waiting(c->d->ctx, e->text, ms);
		clock_sleep_ms(ms);
	}
}

/* 0: this process has the lock. */
static int wait_for_others(struct course *c, struct err *e)
{
	int r;

	while ((r = partial_open(c->d->root, &c->partial, e)) == PARTIAL_BUSY) {
		c->d->waiting(c->d->ctx, "another process is downloading it", BUSY_MS);
		clock_sleep_ms(BUSY_MS);
	}
	return r;
}

int download_agent(struct download *d, struct err *e)
{
	CLEANUP(course_done) struct course c = { .d = d, .partial = { .dir = -1, .file = -1 } };
	int r = wait_for_others(&c, e);

	if (r == 0 && !d->again && file_exists(d->root, PATH_IMAGE_TAR))
		return DOWNLOAD_THERE;
	if (r == 0)
		r = prepare(&c, e);
	c.last_gain = clock_ms();
	if (r == 0)
		r = rounds(&c, e);
	if (r == 0) {
		d->bytes = c.partial.size;
		r = partial_commit(&c.partial, e);
	}
	if (r == -ENOSPC) { /* what came is in the way of others now */
		struct err unused;

		(void) !partial_restart(&c.partial, "", view_of(""), &unused);
	}
	return r < 0 ? err_wrap(e, "download the agent's image") : 0;
}
