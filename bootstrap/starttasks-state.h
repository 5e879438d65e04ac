/* Which of startTasks have been started on this instance: kept across boots, forgotten on another instance. */
#ifndef BOOTSTRAP_STARTTASKS_STATE_H
#define BOOTSTRAP_STARTTASKS_STATE_H

#include "common/err.h"
#include "common/json.h"

#define PATH_STARTED_TASKS "/var/lib/ecs/bootstrap/started-tasks.json"

/* A task is STARTING from before it is asked for until the answer is known: whoever finds it so must look, not ask again. */
enum started_state { STARTED_NOT, STARTED_STARTING, STARTED_DONE };

struct started_tasks {
	int                 root;
	struct json_object *doc;
};

void started_done(struct started_tasks *s);
#define AUTO_STARTED CLEANUP(started_done) struct started_tasks

/* A file of another instance, or one that cannot be read as what it should be, counts as empty. */
int started_open(int root, const char *instance_id, struct started_tasks *ret, struct err *e) MUST_CHECK;

enum started_state started_state(const struct started_tasks *s, const char *mark);

/* Both are on disk when they return. arn: of the task, NULL while it is starting. */
int started_set(struct started_tasks *s, const char *mark, const char *task_definition, const char *arn, struct err *e) MUST_CHECK;
int started_forget(struct started_tasks *s, const char *mark, struct err *e) MUST_CHECK;

#endif
