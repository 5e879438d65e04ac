#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/backoff.h"
#include "efs/credentials.h"
#include "efs/tunnel/renewal.h"

long renewal_delay(unsigned failures, long renew_ms, unsigned dice)
{
	static const struct backoff pace = { .first_ms = RENEW_RETRY_FIRST_MS, .max_ms = RENEW_RETRY_MAX_MS, .jitter_percent = 10 };

	return failures == 0 ? renew_ms : (long) backoff_ms(&pace, failures, dice);
}

static int make(struct renewal *r, const struct sigv4_key *signer, struct err *e)
{
	char host[256] = "";
	struct efs_certificate_request rq = {
		.common_name = host, .file_system = r->config->file_system, .access_point = r->config->access_point,
		.region = r->config->region, .source = r->config->source, .version = r->version, .credentials = signer,
		.serial = r->serial, .now = time(NULL),
	};
	int answer;

	if (gethostname(host, sizeof host - 1) < 0 || !host[0])
		snprintf(host, sizeof host, "localhost");
	answer = efs_identity_new(r->key, &rq, &r->made, e);
	if (answer == 0)
		r->serial++;
	return answer;
}

static int make_signed(struct renewal *r, struct err *e)
{
	AUTO_CREDENTIALS c = { .expires = 0 };
	struct sigv4_key signer = { .id = c.id, .secret = c.secret, .token = c.token };
	int answer = efs_credentials_get(r->endpoint, r->config->credentials_uri, &c, e);

	return answer < 0 ? answer : make(r, &signer, e);
}

void renewal_work(void *ctx)
{
	struct renewal *r = ctx;

	if (!r->key && efs_key_load(r->root, &r->key, &r->why) < 0)
		return;
	if ((r->config->iam ? make_signed(r, &r->why) : make(r, NULL, &r->why)) < 0)
		return;
	r->why.code = 0;
}

void renewal_done(struct renewal *r)
{
	efs_key_freep(&r->key);
	efs_identity_freep(&r->made);
}
