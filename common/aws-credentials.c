#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/aws-credentials.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/imds-reply.h"
#include "common/json.h"

#define FOLDER "meta-data/iam/security-credentials/"

enum { ANSWER_MAX = 16384 };

static const struct backoff pace = { .first_ms = 500, .max_ms = 3000, .jitter_percent = 20 };

void aws_credentials_done(struct aws_credentials *c)
{
	explicit_bzero(c, sizeof *c);
}

/* They go into header lines: visible ASCII only. */
static int take(struct json_object *o, const char *name, char *ret, size_t size)
{
	struct json_object *value;
	const char *text;
	size_t len;

	if (json_get(o, json_type_string, &value, name, NULL) < 0)
		return -EBADMSG;
	text = json_object_get_string(value);
	len = strlen(text);
	if (len == 0 || len >= size)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return -EBADMSG;
	memcpy(ret, text, len + 1);
	explicit_bzero((char *) text, len); /* json-c's own copy; nobody asks for it again */
	return 0;
}

/* Codes are words; whatever else somebody writes there is not repeated. */
static int not_success(const char *code, struct err *e)
{
	size_t word = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return err_say(e, -EAGAIN, "the metadata service answers with code '%.*s' instead of credentials", word > 60 ? 60 : (int) word, code);
}

static int take_all(struct json_object *o, struct aws_credentials *ret, struct err *e)
{
	AUTO_CREDENTIALS c = { .expires = 0 };
	struct tm tm = { .tm_isdst = 0 };
	const char *expires;

	if (take(o, "AccessKeyId", c.id, sizeof c.id) < 0 || take(o, "SecretAccessKey", c.secret, sizeof c.secret) < 0 ||
	    take(o, "Token", c.token, sizeof c.token) < 0)
		return err_say(e, -EBADMSG, "the answer lacks AccessKeyId, SecretAccessKey or Token, or they are no such thing");
	expires = json_text(o, "Expiration", NULL);
	if (!expires || !strptime(expires, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return err_say(e, -EBADMSG, "the answer has no Expiration");
	c.expires = timegm(&tm);
	memcpy(c.role, ret->role, sizeof c.role);
	memcpy(ret, &c, sizeof c);
	return 0;
}

int aws_credentials_parse(struct view text, struct aws_credentials *ret, struct err *e)
{
	AUTO_JSON *o = NULL;
	struct json_place at;
	const char *code;

	if (json_parse(text, &o, &at, e) < 0)
		return err_say(e, -EBADMSG, "the answer is not JSON");
	code = json_text(o, "Code", NULL);
	if (!code || strcmp(code, "Success") != 0)
		return not_success(code ? code : "", e);
	return take_all(o, ret, e);
}

int aws_credentials_parse_task(struct view text, struct aws_credentials *ret, struct err *e)
{
	AUTO_JSON *o = NULL;
	struct json_place at;

	if (json_parse(text, &o, &at, e) < 0)
		return err_say(e, -EBADMSG, "the answer is not JSON");
	return take_all(o, ret, e);
}

static int ask(struct imds *i, struct aws_credentials *ret, struct err *e)
{
	AUTO_BUF roles = { 0 }, answer = { 0 };
	char path[256];
	int r = imds_get(i, FOLDER, ANSWER_MAX, &roles, e);

	if (r == IMDS_ABSENT)
		return AWS_NO_ROLE;
	if (r == 0 && view_trim(buf_view(&roles)).len == 0)
		return AWS_NO_ROLE;
	if (r == 0 && !imds_reply_role(buf_view(&roles), ret->role))
		r = err_say(e, -EBADMSG, "the answer names no role");
	if (r < 0)
		return err_wrap(e, "read the instance's role");
	snprintf(path, sizeof path, FOLDER "%s", ret->role);
	r = r ? r : imds_get(i, path, ANSWER_MAX, &answer, e);
	if (r == IMDS_ABSENT)
		return err_say(e, -EAGAIN, "read credentials of role '%s': the metadata service has none", ret->role);
	if (r == IMDS_OFF)
		return err_say(e, -EACCES, "read credentials of the instance's role: the metadata service is switched off");
	r = r ? r : aws_credentials_parse(buf_view(&answer), ret, e);
	return r < 0 ? err_wrap(e, "read credentials of role '%s'", ret->role) : r;
}

int aws_credentials_get(struct imds *i, unsigned deadline_ms, struct aws_credentials *ret, struct err *e)
{
	long deadline = clock_ms() + (long) deadline_ms;

	for (unsigned failures = 1;; failures++) {
		AUTO_CREDENTIALS c = { .expires = 0 };
		int r = ask(i, &c, e);
		unsigned ms = backoff_ms(&pace, failures, clock_dice());

		if (r == 0)
			memcpy(ret, &c, sizeof c);
		if (r == 0 || (r != AWS_NO_ROLE && r != -EAGAIN) || clock_ms() + (long) ms >= deadline)
			return r;
		clock_sleep_ms(ms);
	}
}
