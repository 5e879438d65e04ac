#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/log.h"
#include "common/parse.h"
#include "init/job.h"
#include "init/loop.h"
#include "init/process.h"
#include "init/report.h"
#include "init/supervisor.h"

enum {
	STOP_LIMIT_MS = 25000, /* Docker's own grace is 10 s; systemd's patience with us is longer than this */
	SIGNAL_LIMIT_MS = 10000,
	LOGS_LIMIT_MS = 30000,
	EXIT_TERMINAL = 5,
	EXIT_FAILED = 255,
};

/* As the peer: 0.5 s doubled up to 15 s, plus at most a tenth. */
static const struct backoff pace = { .first_ms = 500, .max_ms = 15000, .jitter_percent = 10 };

struct loop {
	const struct loop_options *options;
	sd_event        *ev;
	enum sup_state   state;
	struct job      *job;
	sd_event_source *timer, *process;
	unsigned         failures;
	long             up_since;
	/* the last report of ecs-engine */
	char     id[80], daemon[48];
	uint64_t pid, exit_status;
	bool     adopted, exit_known, docker_gone;
	bool     stopping; /* systemd has been told */
};

static void feed(struct loop *l, enum sup_event event);

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

/* How long the agent that ended had run; 0 if it never did. */
static long ran_ms(const struct loop *l)
{
	return l->up_since ? clock_ms() - l->up_since : 0;
}

/* ---- jobs */

/* Every verb gets the container and the daemon of the last report; those that need neither look at neither. */
static void run_engine(struct loop *l, const char *verb, unsigned limit_ms, job_end_fn *end)
{
	const char *root = l->options->root;
	const char *with_root[] = { l->options->engine, "--root", root, verb, l->id, l->daemon, NULL };
	const char *without[] = { l->options->engine, verb, l->id, l->daemon, NULL };
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

static void on_outcome_end(void *ctx, bool ok);

static void ask_outcome(struct loop *l)
{
	l->exit_known = false;
	l->docker_gone = false;
	run_engine(l, ENGINE_OUTCOME, 0, on_outcome_end);
}

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

static int watch_process(struct loop *l, struct err *e)
{
	AUTO_FD fd = -1;
	int r = process_open((pid_t) l->pid, l->id, &fd, e);

	if (r != 0)
		return r;
	r = sd_event_add_io(l->ev, &l->process, fd, EPOLLIN, on_process_end, l);
	if (r < 0)
		return err_set(e, r, "watch process %d", (int) l->pid);
	(void) sd_event_source_set_io_fd_own(l->process, 1);
	(void) TAKE_FD(fd);
	return 0;
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
	feed(l, r == PROCESS_GONE ? EV_GONE : EV_UP);
	if (r == PROCESS_UNSURE) {
		log_info("the agent's process cannot be watched here; Docker is asked to say when it ends");
		ask_outcome(l);
	}
}

static void on_outcome_end(void *ctx, bool ok)
{
	struct loop *l = ctx;

	if (!ok) {
		feed(l, EV_JOB_FAILED);
		return;
	}
	if (l->exit_known)
		log_info("agent exited with status %d after %ld s%s", (int) l->exit_status, ran_ms(l) / 1000, l->docker_gone ? "; Docker was not there just then" : "");
	else
		log_warn("the agent's container is gone, nobody knows its exit status");
	feed(l, sup_exit_event(l->exit_known ? (int) l->exit_status : -1, l->docker_gone));
}

static void on_job_end(void *ctx, bool ok)
{
	feed(ctx, ok ? EV_JOB_DONE : EV_JOB_FAILED);
}

/* ---- actions */

static int on_timer(sd_event_source *s, uint64_t usec, void *ctx)
{
	struct loop *l = ctx;

	(void) s;
	(void) usec;
	l->timer = sd_event_source_disable_unref(l->timer);
	feed(l, EV_TIMER);
	return 0;
}

static void do_up(struct loop *l)
{
	l->pid = 0;
	l->up_since = 0;
	(void) sd_notify(0, "STATUS=Starting the agent");
	run_engine(l, ENGINE_UP, 0, on_up_end);
}

static void do_ready(struct loop *l)
{
	l->up_since = clock_ms();
	log_info("agent container %.12s runs (process %d%s)", l->id, (int) l->pid, l->adopted ? "; it ran before us and was adopted" : "");
	(void) sd_notifyf(0, "READY=1\nSTATUS=The agent runs in container %.12s", l->id);
}

static void do_outcome(struct loop *l)
{
	(void) sd_notify(0, "STATUS=The agent ended; asking Docker how");
	ask_outcome(l);
}

static void do_backoff(struct loop *l)
{
	unsigned ms;

	l->failures = sup_failures(l->failures, ran_ms(l));
	l->up_since = 0;
	ms = backoff_ms(&pace, l->failures, clock_dice());
	log_warn("agent is not running, trying again in %u.%02u s (failure %u in a row)", ms / 1000, ms % 1000 / 10, l->failures);
	(void) sd_notifyf(0, "STATUS=The agent is not running; trying again in %u.%u s (failure %u in a row)", ms / 1000, ms % 1000 / 100,
			  l->failures);
	if (sd_event_add_time_relative(l->ev, &l->timer, CLOCK_MONOTONIC, (uint64_t) ms * 1000, 0, on_timer, l) < 0)
		(void) sd_event_exit(l->ev, EXIT_FAILED); /* without a clock only systemd can help */
}

static void do_stop(struct loop *l)
{
	l->stopping = true;
	(void) sd_notify(0, "STOPPING=1\nSTATUS=Stopping the agent");
	run_engine(l, ENGINE_STOP, STOP_LIMIT_MS, on_job_end);
}

/* Docker cannot be asked, but the process is known by its pidfd: it ends in order all the same. */
static void do_signal(struct loop *l)
{
	if (!l->process) {
		feed(l, EV_GONE);
		return;
	}
	log_warn("Docker cannot stop the agent; sending SIGTERM to its process");
	if (syscall(SYS_pidfd_send_signal, sd_event_source_get_io_fd(l->process), SIGTERM, NULL, 0) < 0 ||
	    sd_event_add_time_relative(l->ev, &l->timer, CLOCK_MONOTONIC, (uint64_t) SIGNAL_LIMIT_MS * 1000, 0, on_timer, l) < 0)
		feed(l, EV_TIMER);
}

static void do_quit(struct loop *l, int status, const char *why)
{
	job_cancel(&l->job);
	l->timer = sd_event_source_disable_unref(l->timer);
	log_info("%s", why);
	if (!l->stopping)
		(void) sd_notify(0, "STOPPING=1");
	(void) sd_event_exit(l->ev, status);
}

static void act(struct loop *l, enum sup_action action, enum sup_event event)
{
	switch (action) {
	case DO_NOTHING:
		break;
	case DO_UP:
		do_up(l);
		break;
	case DO_READY:
		do_ready(l);
		break;
	case DO_OUTCOME:
		do_outcome(l);
		break;
	case DO_LOGS:
		run_engine(l, ENGINE_LOGS, LOGS_LIMIT_MS, on_job_end);
		break;
	case DO_UPGRADE:
		(void) sd_notify(0, "STATUS=Loading the agent's new image");
		run_engine(l, ENGINE_UPGRADE, 0, on_job_end);
		break;
	case DO_BACKOFF:
		do_backoff(l);
		break;
	case DO_STOP:
		do_stop(l);
		break;
	case DO_SIGNAL:
		do_signal(l);
		break;
	case DO_QUIT:
		do_quit(l, 0, event == EV_STOP ? "asked to stop while no agent ran" : "the agent has ended; so does its supervisor");
		break;
	case DO_QUIT_TERMINAL:
		do_quit(l, EXIT_TERMINAL, "agent exited with the status that forbids a restart (5)");
		break;
	case DO_QUIT_FAILED:
		do_quit(l, EXIT_FAILED, "the agent could not be stopped in order");
		break;
	case DO_BUG:
		log_error("internal error: event %d in state '%s'", (int) event, sup_state_name(l->state));
		(void) sd_event_exit(l->ev, EXIT_FAILED);
		break;
	}
}

/* The state changes before the action runs: an action that fails at once feeds the next event from within. */
static void feed(struct loop *l, enum sup_event event)
{
	struct sup_step step = sup_next(l->state, event);

	if (step.act != DO_BUG)
		l->state = step.next;
	act(l, step.act, event);
}

/* ---- signals and set-up */

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *si, void *ctx)
{
	struct loop *l = ctx;

	(void) s;
	log_info("%s asks to stop", si->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	feed(l, EV_STOP);
	return 0;
}

static int set_up(struct loop *l)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	r = sd_event_new(&l->ev);
	if (r >= 0)
		r = sd_event_add_signal(l->ev, NULL, SIGTERM, on_signal, l);
	if (r >= 0)
		r = sd_event_add_signal(l->ev, NULL, SIGINT, on_signal, l);
	if (r >= 0)
		r = sd_event_set_watchdog(l->ev, 1);
	return r;
}

static void tear_down(struct loop *l)
{
	job_cancel(&l->job);
	sd_event_source_disable_unref(l->timer);
	sd_event_source_disable_unref(l->process);
	sd_event_unref(l->ev);
}

int loop_supervise(const struct loop_options *o, int *ret_status, struct err *e)
{
	struct loop l = { .options = o };
	int r = set_up(&l);

	if (r >= 0) {
		feed(&l, EV_START);
		r = sd_event_loop(l.ev);
	}
	tear_down(&l);
	if (r < 0)
		return err_set(e, r, "run the event loop");
	*ret_status = r;
	return 0;
}
