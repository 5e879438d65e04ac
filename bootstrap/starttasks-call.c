#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/starttasks-call.h"
#include "common/backoff.h"
#include "common/clock.h"

#define TARGET "AmazonEC2ContainerServiceV20141113."

enum { REPLY_MAX = 256 << 10, CALL_MS = 60000, SETTLE_MS = 2000 };

static const struct backoff pace = { .first_ms = 1000, .max_ms = 15000, .jitter_percent = 20 };

void start_run_done(struct start_run *run)
{
	aws_freep(&run->aws);
	started_done(&run->state);
}

static int ask(struct start_run *run, const char *action, struct view body, bool once, struct json_object **ret, struct aws_answer *answer,
	       struct err *e)
{
	struct json_place at;
	char target[96];
	struct aws_call c = { .service = "ecs", .region = run->agent.region, .target = target, .body = body, .once = once, .max_reply = REPLY_MAX,
			      .deadline_ms = CALL_MS };
	int r;

	snprintf(target, sizeof target, TARGET "%s", action);
	r = aws_do(run->aws, &c, answer, e);
	if (r == AWS_ROLE_ABSENT)
		return err_say(e, -EACCES, "the instance has no role; attach an instance profile that allows ecs:%s", action);
	if (r == AWS_REFUSED) {
		bool denied = answer->reply.status == 403 || strstr(answer->error.code, "AccessDenied");

		(void) err_say(e, -EPROTO, "ecs:%s in region %s: HTTP status %ld, %s: %s%s%s%s%s", action, answer->region, answer->reply.status,
			       answer->error.code, answer->error.message, denied ? "; role '" : "", denied ? aws_role(run->aws) : "",
			       denied ? "' lacks the IAM action ecs:" : "", denied ? action : "");
		return AWS_REFUSED;
	}
	if (r == 0 && json_parse(buf_view(&answer->reply.body), ret, &at, e) < 0)
		return err_say(e, -EBADMSG, "ecs:%s in region %s: the answer is not JSON", action, answer->region);
	return r;
}

static int find_one(struct start_run *run, struct start_entry *t, const char *status, struct err *e)
{
	AUTO_ANSWER answer = { .region = "" };
	AUTO_JSON *o = NULL;
	AUTO_BUF body = { 0 };
	struct json_object *arns = NULL, *first;
	int r = buf_printf(&body, "{\"cluster\":\"%s\",\"startedBy\":\"%s\",\"desiredStatus\":\"%s\"}", run->agent.cluster, t->mark, status);

	r = r ? err_set(e, r, "ask for tasks") : ask(run, "ListTasks", buf_view(&body), false, &o, &answer, e);
	if (r != 0)
		return r < 0 ? r : -EACCES;
	if (json_get(o, json_type_array, &arns, "taskArns", NULL) < 0 || json_object_array_length(arns) == 0)
		return 0;
	first = json_object_array_get_idx(arns, 0);
	snprintf(t->arn, sizeof t->arn, "%s", json_object_is_type(first, json_type_string) ? json_object_get_string(first) : "");
	return 1;
}

/* Whether ECS knows a task of this mark, also one that has ended already. 1 yes, 0 no, negative: cannot be known. */
static int find_task(struct start_run *run, struct start_entry *t, struct err *e)
{
	int r = find_one(run, t, "RUNNING", e);

	return r ? r : find_one(run, t, "STOPPED", e);
}

static int add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(o, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int complete(const struct start_run *run, struct start_entry *t)
{
	struct json_object *list = json_object_new_array();
	int r = add(t->request, "cluster", json_object_new_string(run->agent.cluster));

	r = r ? r : add(t->request, "startedBy", json_object_new_string(t->mark));
	if (list && json_object_array_add(list, json_object_new_string(run->agent.instance)) < 0)
		r = -ENOMEM;
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return add(t->request, "containerInstances", list);
}

/* The words of "failures" in an answer that took nothing: RESOURCE:MEMORY, AGENT, MISSING, … */
static const char *reason_of(struct json_object *answer)
{
	struct json_object *list;
	const char *reason = NULL;

	if (json_get(answer, json_type_array, &list, "failures", NULL) == 0 && json_object_array_length(list) > 0)
		reason = json_text(json_object_array_get_idx(list, 0), "reason", NULL);
	return reason ? reason : "no reason given";
}

static const char *started_arn(struct json_object *answer)
{
	struct json_object *list;

	if (json_get(answer, json_type_array, &list, "tasks", NULL) < 0 || json_object_array_length(list) == 0)
		return NULL;
	return json_text(json_object_array_get_idx(list, 0), "taskArn", NULL);
}

enum attempt { ATTEMPT_DONE = 0, ATTEMPT_LATER = 1, ATTEMPT_UNKNOWN = 2 };

/* One ecs:StartTask. Negative: it was not started, and will not be. */
static int attempt(struct start_run *run, struct start_entry *t, struct err *e)
{
	AUTO_ANSWER answer = { .region = "" };
	AUTO_JSON *o = NULL;
	const char *text = json_object_to_json_string_ext(t->request, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), *arn;
	int r = started_set(&run->state, t->mark, t->task_definition, NULL, e);

	if (r < 0)
		return r;
	r = ask(run, "StartTask", view_of(text ? text : ""), true, &o, &answer, e);
	arn = r == 0 ? started_arn(o) : NULL;
	if (arn) {
		snprintf(t->arn, sizeof t->arn, "%s", arn);
		return ATTEMPT_DONE;
	}
	if (r < 0 && r != -ECONNREFUSED && r != -EHOSTUNREACH && r != -ENETUNREACH && r != -EACCES && r != -EKEYREJECTED)
		return ATTEMPT_UNKNOWN;
	if (r == 0)
		(void) err_say(e, -EAGAIN, "ecs:StartTask in region %s: %.60s", answer.region, reason_of(o));
	if (started_forget(&run->state, t->mark, e) < 0)
		return e->code;
	return r == 0 ? ATTEMPT_LATER : e->code;
}

/* It is not there, so the next run may ask afresh. e: why the last try failed. */
static int give_up(struct start_run *run, const struct start_entry *t, struct err *e)
{
	struct err unused;

	(void) !started_forget(&run->state, t->mark, &unused);
	return e->code;
}

/* A task was asked for and nobody heard the answer: it must not be asked for again before it is known that it is not there. */
static int settle(struct start_run *run, struct start_entry *t, struct err *e)
{
	struct err why;
	int r = find_task(run, t, &why);

	if (r == 0) { /* it may show up a moment later */
		clock_sleep_ms(SETTLE_MS);
		r = find_task(run, t, &why);
	}
	if (r < 0)
		return err_say(e, -EBUSY, "it may be running: it was asked for without an answer, and whether it is there cannot be seen (%.400s);"
			       " it is not started again", why.text);
	return r;
}

int start_one(struct start_run *run, struct start_entry *t, struct err *e)
{
	enum started_state was = started_state(&run->state, t->mark);
	bool unknown = was == STARTED_STARTING;
	int r;

	if (was == STARTED_DONE)
		return 1;
	if (complete(run, t) < 0)
		return err_set(e, -ENOMEM, "ask for a task");
	for (unsigned failures = 1;; failures++) {
		r = unknown ? settle(run, t, e) : 0;
		if (r != 0)
			break;
		if (failures > 1 && clock_ms() >= run->deadline)
			return give_up(run, t, e);
		r = attempt(run, t, e);
		if (r <= 0)
			break;
		unknown = r == ATTEMPT_UNKNOWN;
		clock_sleep_ms(backoff_ms(&pace, failures, clock_dice()));
	}
	if (r < 0)
		return r;
	if (started_set(&run->state, t->mark, t->task_definition, t->arn, e) < 0)
		return e->code;
	return r > 0 && was == STARTED_STARTING;
}
