/*
 * startTasks: ecs:StartTask on this instance, each entry at most once for an instance id. `config` leaves the entries in
 * a file; `start-tasks` acts on it once the agent has registered.
 */
#ifndef BOOTSTRAP_STARTTASKS_H
#define BOOTSTRAP_STARTTASKS_H

#include <stdbool.h>

#include "bootstrap/apply.h"
#include "bootstrap/wait.h"

#define PATH_START_TASKS "/run/ecs/start-tasks.json"

/* Writes the list to PATH_START_TASKS, the condition of the unit; takes that file away when there is none. */
int starttasks_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

enum { START_TASKS_MAX = 32, START_NAME_SIZE = AGENT_NAME_SIZE, START_MARK_SIZE = 37, STARTTASKS_NOTHING = 1 };

enum starttasks_outcome { START_FAILED, START_DONE, START_EARLIER };

struct starttasks_report {
	unsigned n;
	char     instance[START_NAME_SIZE], cluster[START_NAME_SIZE]; /* as the agent says */
	struct starttasks_task {
		char                    task_definition[160];
		char                    arn[START_NAME_SIZE]; /* of the task, where known */
		enum starttasks_outcome outcome;
		struct err              why; /* of START_FAILED */
	} tasks[START_TASKS_MAX];
};

struct starttasks {
	int      root;
	unsigned timeout_ms; /* for the agent to register, and then again for the tasks to be taken */
};

/* 0 (see the report, which may hold failures), STARTTASKS_NOTHING (no entries), or negative. */
int starttasks_run(const struct starttasks *s, struct starttasks_report *ret, struct err *e) MUST_CHECK;

/* The startedBy of an entry: the same for the same instance, entry and count of equal ones before it; at most 36 characters. */
int starttasks_mark(const char *instance_id, const char *entry, unsigned nth, char ret[START_MARK_SIZE]) MUST_CHECK;

#endif
