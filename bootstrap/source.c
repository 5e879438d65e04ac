#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/source.h"
#include "common/aws.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/sigv4.h"

enum { FETCH_MS = 60000, JSON_MAX = 2 * SOURCE_MAX };

/* What one kind of source needs to be asked for. */
struct source {
	const char *uri;
	const char *action; /* the IAM action that it takes */
};

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (((unsigned char) v.p[i] < 0x20 && v.p[i] != '\t') || v.p[i] == 0x7f)
			return true;
	return false;
}

static int add_pair(struct json_object *to, const struct keyval *kv, struct err *e)
{
	struct json_object *value;
	char name[256];

	if (kv->key.len >= sizeof name)
		return err_say(e, -EINVAL, "line %u: the name is too long", kv->line);
	if (has_control(kv->value))
		return err_say(e, -EINVAL, "line %u: the value holds a control character", kv->line);
	snprintf(name, sizeof name, "%.*s", VIEW_ARG(kv->key, sizeof name));
	value = json_object_new_string_len(kv->value.p, (int) kv->value.len);
	if (value && json_object_object_add(to, name, value) == 0)
		return 0;
	json_object_put(value);
	return err_set(e, -ENOMEM, "line %u", kv->line);
}

static int read_pairs(struct view text, struct json_object *to, struct err *e)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		int r = 0;

		if (kind == KEYVAL_NO_EQUALS)
			return err_say(e, -EINVAL, "line %u: there is no '='; write NAME=VALUE or start a comment with '#'", kv.line);
		if (kind == KEYVAL_BAD_NAME)
			return err_say(e, -EINVAL, "line %u: what stands before '=' cannot be a variable's name", kv.line);
		if (kind == KEYVAL_PAIR)
			r = add_pair(to, &kv, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int source_merge(struct view text, struct json_object *agent, struct err *e)
{
	AUTO_JSON *all = json_object_new_object();
	int r = all ? read_pairs(text, all, e) : err_set(e, -ENOMEM, "read lines");

	if (r < 0)
		return r;
	json_object_object_foreach(all, name, value) {
		if (json_object_object_get_ex(agent, name, NULL))
			continue;
		if (json_object_object_add(agent, name, json_object_get(value)) < 0)
			return err_set(e, -ENOMEM, "read lines");
	}
	return 0;
}

static int no_role(const struct source *s, const struct aws *a, struct err *e)
{
	return err_say(e, -EACCES, "read agentConfigSource '%s' in region %s: the instance has no role; attach an instance profile that allows %s",
		       s->uri, aws_region(a), s->action);
}

/* A refusal in the operator's words: where, what AWS said, and which permission is missing. */
static int refused(const struct source *s, const struct aws *a, const struct aws_answer *answer, struct err *e)
{
	const struct aws_error *why = &answer->error;
	bool denied = answer->reply.status == 403 || strstr(why->code, "AccessDenied");
	bool key = strcasestr(why->message, "kms") || strcasestr(why->message, "ciphertext");
	char hint[320] = "";

	if (denied)
		snprintf(hint, sizeof hint, "; role '%s' lacks the IAM action %s", aws_role(a), key ? "kms:Decrypt for its key" : s->action);
	return err_say(e, denied ? -EACCES : answer->reply.status == 404 ? -ENOENT : -EPROTO,
		       "read agentConfigSource '%s' in region %s: HTTP status %ld%s%s%s%s%s", s->uri, answer->region, answer->reply.status,
		       why->code[0] ? ", " : "", why->code, why->message[0] ? ": " : "", why->message, hint);
}

/* One call, its outcomes other than success made into sentences. */
static int ask(const struct source *s, struct aws *a, struct aws_call *c, struct aws_answer *answer, struct err *e)
{
	int r;

	c->deadline_ms = FETCH_MS;
	r = aws_do(a, c, answer, e);
	if (r == AWS_ROLE_ABSENT)
		return no_role(s, a, e);
	if (r == AWS_REFUSED)
		return refused(s, a, answer, e);
	if (r == -EMSGSIZE)
		return err_say(e, r, "read agentConfigSource '%s' in region %s: larger than %d bytes", s->uri, answer->region, SOURCE_MAX);
	return r < 0 ? err_wrap(e, "read agentConfigSource '%s'", s->uri) : 0;
}

static bool is_bucket(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_", name.p[i]) || !name.p[i])
			return false;
	return name.len >= 3 && name.len <= 255 && !view_is(name, "...");
}

/* The bucket goes into the path: names with dots would not match S3's certificate as part of the host name. */
static int from_s3(struct source *s, struct view rest, struct aws *a, struct buf *b, struct err *e)
{
	AUTO_ANSWER answer = { .region = "" };
	AUTO_BUF path = { 0 };
	struct aws_call c = { .service = "s3", .max_reply = SOURCE_MAX };
	struct view bucket = view_cut(&rest, '/');
	int r;

	if (!is_bucket(bucket) || rest.len == 0 || rest.len > 1024)
		return err_say(e, -EINVAL, "read agentConfigSource '%s': write s3://BUCKET/KEY", s->uri);
	r = buf_printf(&path, "/%.*s/", VIEW_ARG(bucket, 256));
	r = r ? r : sigv4_encode(rest, true, &path);
	if (r < 0)
		return err_set(e, r, "read agentConfigSource '%s'", s->uri);
	c.path = path.p;
	s->action = "s3:GetObject";
	r = ask(s, a, &c, &answer, e);
	r = r ? r : buf_add(b, buf_view(&answer.reply.body).p, answer.reply.body.len);
	return r;
}

static int take_parameter(const struct source *s, struct view body, struct buf *b, struct err *e)
{
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct json_object *value;
	size_t len;

	if (json_parse(body, &o, &at, e) < 0 || json_get(o, json_type_string, &value, "Parameter", "Value", NULL) < 0)
		return err_say(e, -EBADMSG, "read agentConfigSource '%s': the answer is not that of ssm:GetParameter", s->uri);
	len = (size_t) json_object_get_string_len(value);
	if (len > SOURCE_MAX)
		return err_say(e, -EMSGSIZE, "read agentConfigSource '%s': larger than %d bytes", s->uri, SOURCE_MAX);
	return buf_add(b, json_object_get_string(value), len);
}

static int from_ssm(struct source *s, struct view name, struct aws *a, struct buf *b, struct err *e)
{
	AUTO_ANSWER answer = { .region = "" };
	AUTO_BUF body = { 0 };
	struct aws_call c = { .service = "ssm", .target = "AmazonSSM.GetParameter", .max_reply = JSON_MAX };
	int r;

	for (size_t i = 0; i < name.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/.-_:", name.p[i]) || !name.p[i])
			name.len = 0;
	if (name.len == 0 || name.len > 2048)
		return err_say(e, -EINVAL, "read agentConfigSource '%s': write ssm:/NAME", s->uri);
	r = buf_printf(&body, "{\"Name\":\"%.*s\",\"WithDecryption\":true}", VIEW_ARG(name, 2048));
	if (r < 0)
		return err_set(e, r, "read agentConfigSource '%s'", s->uri);
	c.body = buf_view(&body);
	s->action = "ssm:GetParameter";
	r = ask(s, a, &c, &answer, e);
	return r ? r : take_parameter(s, buf_view(&answer.reply.body), b, e);
}

static int from_file(const struct apply *a, const struct source *s, const char *path, struct buf *b, struct err *e)
{
	int r;

	if (*path != '/')
		return err_say(e, -EINVAL, "read agentConfigSource '%s': write file:/PATH", s->uri);
	r = file_read(a->root, path, SOURCE_MAX, b, e);
	if (r == FILE_ABSENT)
		return err_say(e, -ENOENT, "read agentConfigSource '%s': there is no such file", s->uri);
	return r < 0 ? err_wrap(e, "read agentConfigSource") : 0;
}

static int from_aws(const struct apply *a, struct source *s, struct json_object *agent, struct buf *b, struct err *e)
{
	AUTO_AWS *aws = NULL;
	struct http_outside outside = { .proxy = json_text(agent, "HTTPS_PROXY", NULL), .no_proxy = json_text(agent, "NO_PROXY", NULL) };
	struct view rest = view_of(s->uri);
	int r;

	if (!outside.proxy)
		outside.proxy = json_text(agent, "HTTP_PROXY", NULL);
	if (!a->imds)
		return err_say(e, -EACCES, "read agentConfigSource '%s': the metadata service did not answer, so there are no credentials", s->uri);
	r = aws_open(a->imds, a->root, &outside, &aws, e);
	if (r < 0)
		return err_wrap(e, "read agentConfigSource '%s'", s->uri);
	(void) view_cut(&rest, ':');
	if (strncmp(s->uri, "ssm:", 4) == 0)
		return from_ssm(s, rest, aws, b, e);
	return from_s3(s, (struct view) { rest.p + 2, rest.len - 2 }, aws, b, e);
}

static int fetch(const struct apply *a, struct source *s, struct json_object *agent, struct buf *b, struct err *e)
{
	if (strncmp(s->uri, "file:", 5) == 0)
		return from_file(a, s, s->uri + 5, b, e);
	if (strncmp(s->uri, "s3://", 5) == 0 || strncmp(s->uri, "ssm:", 4) == 0)
		return from_aws(a, s, agent, b, e);
	return err_say(e, -EINVAL, "read agentConfigSource '%.200s': write s3://BUCKET/KEY, ssm:/NAME or file:/PATH", s->uri);
}

int source_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e)
{
	AUTO_BUF bytes = { .limit = SOURCE_MAX };
	struct source s = { .uri = NULL };
	int r;

	if (!value)
		return APPLY_SAME;
	if (!json_object_is_type(value, json_type_string))
		return err_say(e, -EINVAL, "read agentConfigSource: must be a string, s3://BUCKET/KEY, ssm:/NAME or file:/PATH");
	s.uri = json_object_get_string(value);
	r = fetch(a, &s, agent, &bytes, e);
	if (r < 0)
		return r;
	r = source_merge(buf_view(&bytes), agent, e);
	return r < 0 ? err_wrap(e, "read agentConfigSource '%s'", s.uri) : 0;
}
