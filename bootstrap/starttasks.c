#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/changes.h"
#include "bootstrap/starttasks.h"
#include "bootstrap/starttasks-call.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/paths.h"
#include "common/reach.h"
#include "common/sigv4.h"

enum { LIST_MAX = 256 << 10, IMDS_MS = 30000 };

int starttasks_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	const char *text;

	if (!value || (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0))
		return apply_remove(a, PATH_START_TASKS, e);
	if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) > START_TASKS_MAX)
		return err_say(e, -EINVAL, "set startTasks: must be a list of at most %d objects", START_TASKS_MAX);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *entry = json_object_array_get_idx(value, i);

		if (!json_text(entry, "taskDefinition", NULL))
			return err_say(e, -EINVAL, "set startTasks[%zu]: must be an object with \"taskDefinition\": \"FAMILY:REVISION\"", i);
		if (json_object_object_get_ex(entry, "startedBy", NULL))
			return err_say(e, -EINVAL, "set startTasks[%zu].startedBy: it is filled in, so that a task is found again", i);
	}
	text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return err_set(e, -ENOMEM, "write '%s'", PATH_START_TASKS);
	/* 0600: overrides may hold what nobody else should read. */
	return apply_write(a, PATH_START_TASKS, view_of(text), 0600, e);
}

int starttasks_mark(const char *instance_id, const char *entry, unsigned nth, char ret[START_MARK_SIZE])
{
	AUTO_BUF b = { 0 };
	char hash[SIGV4_HASH_SIZE];
	int r = buf_printf(&b, "%s\n%u\n%s", instance_id, nth, entry);

	r = r ? r : sigv4_hash(buf_view(&b), hash);
	if (r == 0)
		snprintf(ret, START_MARK_SIZE, "ecs-bootstrap/%.20s", hash);
	return r;
}

static int read_list(int root, struct json_object **ret, struct err *e)
{
	AUTO_BUF text = { 0 };
	struct json_place at;
	int r = file_read(root, PATH_START_TASKS, LIST_MAX, &text, e);

	if (r != 0)
		return r == FILE_ABSENT ? STARTTASKS_NOTHING : r;
	r = json_parse(buf_view(&text), ret, &at, e);
	if (r < 0)
		return err_wrap(e, "read '%s'", PATH_START_TASKS);
	if (!json_object_is_type(*ret, json_type_array) || json_object_array_length(*ret) > START_TASKS_MAX)
		return err_say(e, -EBADMSG, "read '%s': it is no list of at most %d tasks", PATH_START_TASKS, START_TASKS_MAX);
	return 0;
}

/* Equal entries are told apart by how many stand before. */
static unsigned count_before(struct json_object *list, size_t i)
{
	unsigned n = 0;

	for (size_t k = 0; k < i; k++)
		n += (unsigned) json_object_equal(json_object_array_get_idx(list, k), json_object_array_get_idx(list, i));
	return n;
}

static int read_entry(const struct start_run *run, struct json_object *list, size_t i, struct start_entry *t, struct err *e)
{
	struct json_object *entry = json_object_array_get_idx(list, i);
	const char *text = json_object_to_json_string_ext(entry, JSON_C_TO_STRING_PLAIN);
	int r;

	t->request = entry;
	t->task_definition = json_text(entry, "taskDefinition", NULL);
	if (!t->task_definition || !text)
		return err_say(e, -EBADMSG, "read '%s': entry %zu has no taskDefinition", PATH_START_TASKS, i + 1);
	r = starttasks_mark(run->id, text, count_before(list, i), t->mark);
	return r < 0 ? err_set(e, r, "mark a task") : 0;
}

static void start_all(struct start_run *run, struct start_entry *entries, size_t n, struct starttasks_report *ret)
{
	for (size_t i = 0; i < n; i++) {
		struct starttasks_task *task = &ret->tasks[i];
		int r = start_one(run, &entries[i], &task->why);

		task->outcome = r < 0 ? START_FAILED : r == 0 ? START_DONE : START_EARLIER;
		snprintf(task->task_definition, sizeof task->task_definition, "%s", entries[i].task_definition);
		snprintf(task->arn, sizeof task->arn, "%s", entries[i].arn);
	}
	ret->n = (unsigned) n;
	snprintf(ret->instance, sizeof ret->instance, "%s", run->agent.instance);
	snprintf(ret->cluster, sizeof ret->cluster, "%s", run->agent.cluster);
}

/* All marks are made before the first entry is completed for its request, which changes it. */
static int work(struct start_run *run, struct json_object *list, unsigned timeout_ms, struct starttasks_report *ret, struct err *e)
{
	struct start_entry entries[START_TASKS_MAX] = { { .arn = "" } };
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++) {
		int r = read_entry(run, list, i, &entries[i], e);

		if (r < 0)
			return r;
	}
	run->deadline = clock_ms() + (long) timeout_ms;
	start_all(run, entries, n, ret);
	return 0;
}

int starttasks_run(const struct starttasks *s, struct starttasks_report *ret, struct err *e)
{
	CLEANUP(start_run_done) struct start_run run = { .deadline = 0 };
	AUTO_JSON *list = NULL;
	AUTO_IMDS *imds = NULL;
	int r = read_list(s->root, &list, e);

	if (r != 0)
		return r;
	r = wait_for_agent(s->timeout_ms, &run.agent, e);
	r = r ? r : imds_open(IMDS_MS, &imds, e);
	if (r == IMDS_OFF)
		return err_say(e, -EACCES, "start tasks: the metadata service is switched off, so there are no credentials");
	r = r ? r : imds_instance_id(imds, run.id, e);
	r = r ? r : started_open(s->root, run.id, &run.state, e);
	r = r ? r : reach_aws(s->root, imds, &run.aws, e);
	if (r > 0)
		return err_say(e, -EACCES, "start tasks: the metadata service gives no instance id");
	return r < 0 ? r : work(&run, list, s->timeout_ms, ret, e);
}
