#include <errno.h>
#include <string.h>

#include "bootstrap/kept.h"
#include "bootstrap/starttasks-state.h"
#include "common/file.h"

void started_done(struct started_tasks *s)
{
	json_putp(&s->doc);
}

static int empty(const char *instance_id, struct json_object **ret, struct err *e)
{
	AUTO_JSON *doc = json_object_new_object();
	struct json_object *id = json_object_new_string(instance_id), *tasks = json_object_new_object();

	if (doc && id && json_object_object_add(doc, "instanceId", id) == 0) {
		id = NULL;
		if (tasks && json_object_object_add(doc, "tasks", tasks) == 0) {
			*ret = TAKE_PTR(doc);
			return 0;
		}
	}
	json_object_put(id);
	json_object_put(tasks);
	return err_set(e, -ENOMEM, "read '%s'", PATH_STARTED_TASKS);
}

static bool is_ours(struct json_object *doc, const char *instance_id)
{
	const char *id = json_text(doc, "instanceId", NULL);
	struct json_object *tasks;

	return id && strcmp(id, instance_id) == 0 && json_get(doc, json_type_object, &tasks, "tasks", NULL) == 0;
}

int started_open(int root, const char *instance_id, struct started_tasks *ret, struct err *e)
{
	AUTO_JSON *doc = NULL;
	int r = kept_read(root, PATH_STARTED_TASKS, &doc, e);

	if (r == 0 && !is_ours(doc, instance_id)) {
		json_putp(&doc);
		r = empty(instance_id, &doc, e);
	}
	if (r < 0)
		return r;
	ret->root = root;
	ret->doc = TAKE_PTR(doc);
	return 0;
}

enum started_state started_state(const struct started_tasks *s, const char *mark)
{
	struct json_object *task;

	if (json_get(s->doc, json_type_object, &task, "tasks", mark, NULL) < 0)
		return STARTED_NOT;
	return json_text(task, "taskArn", NULL) ? STARTED_DONE : STARTED_STARTING;
}

static int save(const struct started_tasks *s, struct err *e)
{
	const char *text = json_object_to_json_string_ext(s->doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	int r;

	if (!text)
		return err_set(e, -ENOMEM, "write '%s'", PATH_STARTED_TASKS);
	r = dir_make(s->root, "/var/lib/ecs/bootstrap", 0755, e);
	r = r ? r : file_replace(s->root, PATH_STARTED_TASKS, text, strlen(text), 0600, e);
	return r < 0 ? r : 0;
}

static int add_text(struct json_object *o, const char *key, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (value && json_object_object_add(o, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int started_set(struct started_tasks *s, const char *mark, const char *task_definition, const char *arn, struct err *e)
{
	struct json_object *tasks, *task = json_object_new_object();
	int r = json_get(s->doc, json_type_object, &tasks, "tasks", NULL);

	r = r < 0 ? r : task ? add_text(task, "taskDefinition", task_definition) : -ENOMEM;
	if (arn)
		r = r < 0 ? r : add_text(task, "taskArn", arn);
	if (r == 0 && json_object_object_add(tasks, mark, task) == 0)
		return save(s, e);
	json_object_put(task);
	return err_set(e, r < 0 ? r : -ENOMEM, "write '%s'", PATH_STARTED_TASKS);
}

int started_forget(struct started_tasks *s, const char *mark, struct err *e)
{
	struct json_object *tasks;

	if (json_get(s->doc, json_type_object, &tasks, "tasks", NULL) == 0)
		json_object_object_del(tasks, mark);
	return save(s, e);
}
