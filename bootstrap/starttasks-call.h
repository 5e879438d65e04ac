/* One entry of startTasks: asked for at most once, looked for when nobody heard the answer. */
#ifndef BOOTSTRAP_STARTTASKS_CALL_H
#define BOOTSTRAP_STARTTASKS_CALL_H

#include "bootstrap/starttasks-state.h"
#include "bootstrap/starttasks.h"
#include "common/aws.h"

/* What one run knows while it works on its entries. */
struct start_run {
	struct aws          *aws;
	struct started_tasks state;
	struct agent_identity agent;
	char                 id[32]; /* of the EC2 instance */
	long                 deadline; /* clock_ms(); no new try after it */
};

void start_run_done(struct start_run *run);

struct start_entry {
	struct json_object *request; /* the user's members; borrowed; completed before it is sent */
	const char         *task_definition;
	char                mark[START_MARK_SIZE], arn[START_NAME_SIZE]; /* arn: of the task, once it is known */
};

/* 0: it was started; 1: it had been before; negative: it does not run, or nobody can know. */
int start_one(struct start_run *run, struct start_entry *t, struct err *e) MUST_CHECK;

#endif
