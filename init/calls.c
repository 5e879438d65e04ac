#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/log.h"
#include "common/parse.h"
#include "init/actions.h"
#include "init/process.h"
#include "init/report.h"

static void on_report(void *ctx, struct view line)
{
	struct loop *l = ctx;
	struct keyval kv = { .line = 0 };

	if (keyval_next(&line, &kv) != KEYVAL_PAIR)
		return;
	if (view_is(kv.key, REPORT_ID))
		snprintf(l->id, sizeof l->id, "%.*s", VIEW_ARG(kv.value, sizeof l->id - 1));
	else if (view_is(kv.key, REPORT_PID))
		(void) !parse_u64(kv.value, 1 << 30, &l->pid);
	else if (view_is(kv.key, REPORT_ADOPTED))
		l->adopted = view_is(kv.value, "true");
	else if (view_is(kv.key, REPORT_DAEMON))
		snprintf(l->daemon, sizeof l->daemon, "%.*s", VIEW_ARG(kv.value, sizeof l->daemon - 1));
	else if (view_is(kv.key, REPORT_EXIT))
		l->exit_known = parse_u64(kv.value, 255, &l->exit_status) == 0;
	else if (view_is(kv.key, REPORT_DOCKER))
		l->docker_gone = view_is(kv.value, "gone");
}

/* Every verb gets the container and the daemon of the last report; those that need neither look at neither. */
static void run_engine(struct loop *l, const char *verb, unsigned limit_ms, job_end_fn *end)
{
	const char *root = l->options->root;
	const char *anew = l->reloading ? ENGINE_ANEW : NULL;
	const char *with_root[] = { l->options->engine, "--root", root, verb, l->id, l->daemon, anew, NULL };
	const char *without[] = { l->options->engine, verb, l->id, l->daemon, anew, NULL };
	struct job_start s = {
		.argv = root ? with_root : without, .limit_ms = limit_ms, .on_line = on_report, .on_end = end, .ctx = l,
	};
	struct err e;

	job_cancel(&l->job);
	if (job_run(l->ev, &s, &l->job, &e) < 0) {
		log_error("%s", e.text);
		feed(l, EV_JOB_FAILED);
	}
}

/* ---- up */

static int on_process_end(sd_event_source *s, int fd, uint32_t events, void *ctx)
{
	struct loop *l = ctx;

	(void) s;
	(void) fd;
	(void) events;
	l->process = sd_event_source_disable_unref(l->process);
	feed(l, EV_GONE);
	return 0;
}

/* In place of the one that was watched before, which is the same or has been replaced. */
static int watch_process(struct loop *l, struct err *e)
{
	AUTO_FD fd = -1;
	sd_event_source *source;
	int r = process_open((pid_t) l->pid, l->id, &fd, e);

	if (r < 0)
		return r;
	if (r == 0) {
		int k = sd_event_add_io(l->ev, &source, fd, EPOLLIN, on_process_end, l);

		if (k < 0)
			return err_set(e, k, "watch process %d", (int) l->pid);
		(void) sd_event_source_set_io_fd_own(source, 1);
		(void) TAKE_FD(fd);
	}
	sd_event_source_disable_unref(l->process);
	l->process = r == 0 ? source : NULL;
	return r;
}

static void on_up_end(void *ctx, bool ok)
{
	struct loop *l = ctx;
	struct err e;
	int r = ok ? watch_process(l, &e) : 0;

	if (r < 0)
		log_error("%s", e.text);
	if (!ok || r < 0) {
		feed(l, EV_JOB_FAILED);
		return;
	}
	feed(l, r == PROCESS_GONE ? EV_BRIEF : EV_UP);
	if (r == PROCESS_UNSURE) {
		log_info("the agent's process cannot be watched here; Docker is asked to say when it ends");
		call_outcome(l);
	}
}

void call_up(struct loop *l)
{
	run_engine(l, ENGINE_UP, 0, on_up_end);
}

/* ---- outcome */

static void on_outcome_end(void *ctx, bool ok)
{
	struct loop *l = ctx;
	char status[16];

	if (!ok) {
		feed(l, EV_JOB_FAILED);
		return;
	}
	snprintf(status, sizeof status, "%d", (int) l->exit_status);
	log_field("ECS_EXIT_STATUS", l->exit_known ? status : NULL);
	if (l->exit_known)
		log_info("agent exited with status %d after %ld s%s", (int) l->exit_status, l->up_since ? (clock_ms() - l->up_since) / 1000 : 0,
			 l->docker_gone ? "; Docker was not there just then" : "");
	else
		log_warn("the agent's container is gone, nobody knows its exit status");
	log_field("ECS_EXIT_STATUS", NULL);
	log_field("ECS_CONTAINER_ID", NULL);
	feed(l, sup_exit_event(l->exit_known ? (int) l->exit_status : -1, l->docker_gone));
}

void call_outcome(struct loop *l)
{
	l->exit_known = false;
	l->docker_gone = false;
	run_engine(l, ENGINE_OUTCOME, 0, on_outcome_end);
}

/* ---- the others */

static void on_verb_end(void *ctx, bool ok)
{
	feed(ctx, ok ? EV_JOB_DONE : EV_JOB_FAILED);
}

void call_verb(struct loop *l, const char *verb, unsigned limit_ms)
{
	run_engine(l, verb, limit_ms, on_verb_end);
}
