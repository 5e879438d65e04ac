/* One child process at a time, under the event loop: its report lines as they come, its end, a deadline. */
#ifndef INIT_JOB_H
#define INIT_JOB_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "common/err.h"
#include "common/view.h"

struct job;

/* line: one line of its standard output. */
typedef void job_line_fn(void *ctx, struct view line);

/* Called once when it is gone and all lines were given; ok: exit status 0. The job is freed right after. */
typedef void job_end_fn(void *ctx, bool ok);

struct job_start {
	const char *const *argv;     /* argv[0] is a path */
	unsigned           limit_ms; /* then SIGKILL; 0: none */
	job_line_fn       *on_line;
	job_end_fn        *on_end;
	void              *ctx;
};

/* Needs SIGCHLD blocked. *ret is set to NULL when the job has ended. Negative if it cannot be run; nothing is called then. */
int job_run(sd_event *ev, const struct job_start *s, struct job **ret, struct err *e) MUST_CHECK;

/* Kills and reaps it without calling on_end. */
void job_cancel(struct job **j);

#endif
