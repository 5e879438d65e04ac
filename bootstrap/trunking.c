#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/trunk-host.h"
#include "bootstrap/trunk-limits.h"
#include "bootstrap/trunking.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/reach.h"

#define TARGET  "AmazonEC2ContainerServiceV20141113."
#define SETTING "awsvpcTrunking"

enum { REPLY_MAX = 64 << 10 };

/* What became of the account. */
enum account { ACCOUNT_SET, ACCOUNT_SAME, ACCOUNT_DENIED };

struct account_run {
	const char *want; /* "enabled", "disabled" */
	struct aws *aws;
	long        deadline;
	bool        list_denied;
};

static bool is_denied(const struct aws_answer *answer)
{
	return answer->reply.status == 403 || strstr(answer->error.code, "AccessDenied");
}

/* 0, ACCOUNT_DENIED, or negative. */
static int ask(struct account_run *run, const char *action, struct view body, struct aws_answer *answer, struct err *e)
{
	long left = run->deadline - clock_ms();
	char target[96];
	struct aws_call c = { .service = "ecs", .target = target, .body = body, .max_reply = REPLY_MAX, .deadline_ms = left > 1000 ? (unsigned) left : 1000 };
	int r;

	snprintf(target, sizeof target, TARGET "%s", action);
	r = aws_do(run->aws, &c, answer, e);
	if (r == AWS_ROLE_ABSENT)
		return err_say(e, -EACCES, "the instance has no role; attach an instance profile that allows ecs:%s", action);
	if (r == AWS_REFUSED && is_denied(answer))
		return ACCOUNT_DENIED;
	if (r == AWS_REFUSED)
		return err_say(e, -EPROTO, "ecs:%s in region %s: HTTP status %ld, %s: %s", action, answer->region, answer->reply.status,
			       answer->error.code, answer->error.message);
	return r;
}

/* Whether the setting that holds for this role is the wanted one. */
static bool says_so(struct view reply, const char *want)
{
	AUTO_JSON *o = NULL;
	struct json_object *list;
	struct json_place at;
	struct err unused;

	if (json_parse(reply, &o, &at, &unused) < 0 || json_get(o, json_type_array, &list, "settings", NULL) < 0)
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *name = json_text(one, "name", NULL), *value = json_text(one, "value", NULL);

		if (name && value && strcmp(name, SETTING) == 0)
			return strcmp(value, want) == 0;
	}
	return false;
}

/* A role that may set and not look is fine: setting what is set already changes nothing. */
static int look_and_set(struct account_run *run, struct err *e)
{
	static const char look[] = "{\"name\":\"" SETTING "\",\"effectiveSettings\":true}";
	AUTO_ANSWER had = { .region = "" };
	AUTO_ANSWER answer = { .region = "" };
	char set[96];
	int n, r = ask(run, "ListAccountSettings", (struct view) { look, sizeof look - 1 }, &had, e);

	if (r < 0)
		return r;
	run->list_denied = r == ACCOUNT_DENIED;
	if (r == 0 && says_so(buf_view(&had.reply.body), run->want))
		return ACCOUNT_SAME;
	n = snprintf(set, sizeof set, "{\"name\":\"" SETTING "\",\"value\":\"%s\"}", run->want);
	r = ask(run, "PutAccountSetting", (struct view) { set, (size_t) n }, &answer, e);
	return r == 0 ? ACCOUNT_SET : r;
}

static bool was_done(int root, const char *mark)
{
	AUTO_BUF text = { .limit = 256 };
	struct err unused;

	return file_read(root, PATH_TRUNKING_DONE, 256, &text, &unused) == 0 && view_is(buf_view(&text), mark);
}

static void remember(int root, const char *mark)
{
	struct err unused; /* then the next boot looks once more */

	if (dir_make(root, "/var/lib/ecs/bootstrap", 0700, &unused) >= 0)
		(void) !file_replace(root, PATH_TRUNKING_DONE, mark, strlen(mark), 0600, &unused);
}

/* APPLY_SAME, APPLY_NOTED, APPLY_WARNED, or negative. */
static int set_account(const struct apply *a, const char *want, struct err *e)
{
	struct account_run run = { .want = want, .deadline = clock_ms() + TRUNKING_ACCOUNT_MS };
	AUTO_AWS *aws = NULL;
	char id[32], mark[64];
	int r = imds_instance_id(a->imds, id, e);

	if (r > 0)
		return err_say(e, -EACCES, "set account setting " SETTING ": the metadata service gives no instance id");
	snprintf(mark, sizeof mark, "%s %s\n", r == 0 ? id : "", want);
	if (r == 0 && was_done(a->root, mark))
		return APPLY_SAME;
	r = r ? r : reach_aws(a->root, a->imds, &aws, e);
	if (r > 0)
		return err_say(e, -EACCES, "set account setting " SETTING ": the metadata service gives no region");
	run.aws = aws;
	r = r ? r : look_and_set(&run, e);
	if (r < 0)
		return err_wrap(e, "set account setting " SETTING);
	if (r == ACCOUNT_DENIED)
		return err_say(e, -EACCES, "set account setting " SETTING ": role '%s' lacks the IAM action ecs:PutAccountSetting%s; it stays as it is",
			       aws_role(aws), run.list_denied ? " (and ecs:ListAccountSettings)" : ""), APPLY_WARNED;
	remember(a->root, mark);
	snprintf(e->text, sizeof e->text, SETTING " %s '%s' for role '%s'", r == ACCOUNT_SET ? "set to" : "is already", want, aws_role(aws));
	return APPLY_NOTED;
}

/* "; c5.large: 10 tasks with trunking, 2 without" */
static void add_hint(const struct apply *a, struct err *e)
{
	size_t len = strlen(e->text);
	AUTO_BUF text = { .limit = 64 };
	struct trunk_limits limits;
	struct err unused;
	char type[40];
	int r;

	if (imds_get(a->imds, "meta-data/instance-type", sizeof type - 1, &text, &unused) != 0)
		return;
	snprintf(type, sizeof type, "%.*s", VIEW_ARG(view_trim(buf_view(&text)), sizeof type - 1));
	r = trunk_limits(type, &limits);
	if (r == 0)
		snprintf(e->text + len, sizeof e->text - len, "; %s: %u tasks with trunking, %u without", type, limits.with, limits.without);
	else if (r == TRUNK_NEVER)
		snprintf(e->text + len, sizeof e->text - len, "; %s is not known to trunk: it would register without", type);
}

static int prepare(const struct apply *a, struct err *e)
{
	AUTO_BUF mac = { .limit = 64 };
	char text[32];
	int r = imds_get(a->imds, "meta-data/mac", 64, &mac, e);

	if (r < 0)
		return r;
	snprintf(text, sizeof text, "%.*s", VIEW_ARG(view_trim(buf_view(&mac)), sizeof text - 1));
	return trunk_host_prepare(a->root, text, TRUNK_DRIVERS, e);
}

/* Each part is done whatever becomes of the other; both are told. */
static int enable(const struct apply *a, struct err *e)
{
	struct err host;
	int prepared = prepare(a, &host), r = set_account(a, "enabled", e);

	if (r == APPLY_NOTED)
		add_hint(a, e);
	if (prepared < 0 || prepared == TRUNK_NO_MODULE) {
		struct err account = *e;

		*e = host;
		if (r != APPLY_SAME)
			(void) err_say(e, host.code, "%.350s; %.350s", host.text, account.text);
		return prepared < 0 ? host.code : r < 0 ? r : APPLY_WARNED;
	}
	return r == APPLY_SAME && prepared == 0 ? 0 : r;
}

static int disable(const struct apply *a, struct err *e)
{
	int released = trunk_host_release(a->root, e), r;

	if (released < 0)
		return released;
	r = set_account(a, "disabled", e);
	return r == APPLY_SAME && released == 0 ? 0 : r;
}

int trunking_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	const char *word = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "auto";

	if (strcmp(word, "auto") == 0) {
		int r = trunk_host_release(a->root, e);

		return r == TRUNK_SAME ? APPLY_SAME : r;
	}
	if (strcmp(word, "enabled") != 0 && strcmp(word, "disabled") != 0)
		return err_say(e, -EINVAL, "set eniTrunking: must be enabled, disabled or auto");
	if (!a->imds)
		return err_say(e, -EACCES, "set account setting " SETTING ": the metadata service is switched off, so there are no credentials");
	return strcmp(word, "enabled") == 0 ? enable(a, e) : disable(a, e);
}
