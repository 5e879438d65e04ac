#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/steps.h"
#include "init/actions.h"
#include "init/reload.h"
#include "init/report.h"

enum {
	STOP_LIMIT_MS = 25000, /* Docker's own grace is 10 s; systemd's patience with us is longer than this */
	SIGNAL_LIMIT_MS = 10000,
	LOGS_LIMIT_MS = 30000,
	HEALTH_TIMEOUT_S = 300,
	HEALTH_TIMEOUT_MAX_S = 24 * 3600,
};

#define STEP_AGENT    "agent"
#define HEALTH_SWITCH "ECS_INIT_HEALTH_TIMEOUT"

/* As the peer: 0.5 s doubled up to 15 s, plus at most a tenth. */
static const struct backoff pace = { .first_ms = 500, .max_ms = 15000, .jitter_percent = 10 };

/* How long the agent that ended had run; 0 if it never did. */
static long ran_ms(const struct loop *l)
{
	return l->up_since ? clock_ms() - l->up_since : 0;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *ctx)
{
	struct loop *l = ctx;

	(void) s;
	(void) usec;
	l->timer = sd_event_source_disable_unref(l->timer);
	feed(l, EV_TIMER);
	return 0;
}

static int set_timer(struct loop *l, unsigned ms)
{
	return sd_event_add_time_relative(l->ev, &l->timer, CLOCK_MONOTONIC, (uint64_t) ms * 1000, 0, on_timer, l);
}

/* ---- watching an agent that runs */

static void on_hung(void *ctx)
{
	feed(ctx, EV_HUNG);
}

/* In seconds; 0: the agent may be as silent as it likes. */
static unsigned health_timeout(void)
{
	const char *text = getenv(HEALTH_SWITCH);
	uint64_t s;

	if (!text || !text[0])
		return HEALTH_TIMEOUT_S;
	if (parse_duration(view_of(text), HEALTH_TIMEOUT_MAX_S, &s) == 0)
		return (unsigned) s;
	log_warn("read " HEALTH_SWITCH ": '%.40s' is no time from 0 to 24h such as 90, 5m or 1h; %d s are taken", text, HEALTH_TIMEOUT_S);
	return HEALTH_TIMEOUT_S;
}

static void watch_health(struct loop *l)
{
	struct probe_start s = { .timeout_s = health_timeout(), .health = &l->health, .on_hung = on_hung, .ctx = l };
	struct err e;

	if (s.timeout_s > 0 && !l->probe && probe_new(l->ev, &s, &l->probe, &e) < 0)
		log_warn("%s; an agent that hangs is not noticed", e.text);
}

/* What ends a reload for systemd, as the first line of a message. Before the first READY=1 there is none to end. */
static const char *ready_again(const struct loop *l)
{
	return l->reloading && l->ready ? "READY=1\n" : "";
}

static void end_reload(struct loop *l, bool done)
{
	struct err e;

	if (!l->reloading)
		return;
	l->reloading = false;
	if (reload_answer(l->options->root_fd, done, &e) < 0)
		log_warn("%s", e.text);
}

static void do_ready(struct loop *l)
{
	l->up_since = clock_ms();
	l->health = (struct health) { .missed = 0 };
	watch_health(l);
	log_field("ECS_CONTAINER_ID", l->id);
	log_info("agent container %.12s runs (process %d%s)", l->id, (int) l->pid,
		 !l->adopted ? "" : l->reloading ? "; it is what the configuration says" : "; it ran before us and was adopted");
	(void) sd_notifyf(0, "READY=1\nSTATUS=The agent runs in container %.12s", l->id);
	l->ready = true;
	step_note(l->options->root_fd, STEP_AGENT, STEP_DONE, l->up_began, "container %.12s %s", l->id, l->adopted ? "ran already and was adopted" : "was started");
	end_reload(l, true);
}

static void do_keep(struct loop *l)
{
	log_warn("the agent runs on as it was, in container %.12s", l->id);
	(void) sd_notifyf(0, "%sSTATUS=The agent runs in container %.12s as it was; what was last asked of it failed, see the journal",
			  ready_again(l), l->id);
	end_reload(l, false);
	watch_health(l);
	if (!l->process)
		call_outcome(l);
}

static void do_restart(struct loop *l)
{
	log_error("agent has not answered on its introspection port, 127.0.0.1:%d, for %u s (" HEALTH_SWITCH "%s); restarting it", INTROSPECTION_PORT,
		  health_timeout() * (l->health.ever ? 1 : (HEALTH_MISSES_EVER + 1) / HEALTH_LOOKS), l->health.ever ? "" : ", six times as long for one that never did");
	(void) sd_notify(0, "STATUS=The agent does not answer; stopping it in order to start it again");
	call_verb(l, ENGINE_STOP, STOP_LIMIT_MS);
}

/* ---- starting it */

static void do_up(struct loop *l)
{
	l->pid = 0;
	l->up_since = 0;
	(void) sd_notify(0, "STATUS=Starting the agent");
	l->up_began = clock_ms();
	step_note(l->options->root_fd, STEP_AGENT, STEP_RUNNING, l->up_began, "starting the container");
	call_up(l);
}

static void do_backoff(struct loop *l)
{
	unsigned ms;

	job_cancel(&l->job);
	l->process = sd_event_source_disable_unref(l->process);
	l->failures = sup_failures(l->failures, ran_ms(l));
	l->up_since = 0;
	ms = backoff_ms(&pace, l->failures, clock_dice());
	log_warn("agent is not running, trying again in %u.%02u s (failure %u in a row)", ms / 1000, ms % 1000 / 10, l->failures);
	(void) sd_notifyf(0, "%sSTATUS=The agent is not running; trying again in %u.%u s (failure %u in a row)", ready_again(l), ms / 1000,
			  ms % 1000 / 100, l->failures);
	step_note(l->options->root_fd, STEP_AGENT, STEP_FAILED, l->up_began, "not running, failure %u in a row; it is tried again", l->failures);
	end_reload(l, false);
	if (set_timer(l, ms) < 0)
		(void) sd_event_exit(l->ev, EXIT_FAILED); /* without a clock only systemd can help */
}

/* ---- a changed configuration */

/* systemd wants both sent anew for a reload (sd_notify(3)). */
static bool refresh(struct loop *l)
{
	struct timespec now;
	struct err e;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	if (l->ready)
		(void) sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the configuration again",
				  (long long) now.tv_sec * 1000000 + now.tv_nsec / 1000);
	l->reloading = true;
	if (environment_refresh(l->options->root_fd, &l->environment, &e) == 0)
		return true;
	log_error("reload: %s; the configuration from before stays", e.text);
	return false;
}

static void do_refresh(struct loop *l)
{
	if (refresh(l)) {
		log_info("read the configuration again; the next start of the agent uses it");
		return;
	}
	(void) sd_notifyf(0, "%sSTATUS=The configuration could not be read again; the one from before stays", ready_again(l));
	end_reload(l, false);
}

static void do_reload(struct loop *l)
{
	job_cancel(&l->job);
	l->timer = sd_event_source_disable_unref(l->timer);
	l->up_began = clock_ms();
	if (refresh(l))
		call_up(l);
	else
		feed(l, EV_JOB_FAILED);
}

/* ---- its end */

static void do_outcome(struct loop *l)
{
	(void) sd_notify(0, "STATUS=The agent ended; asking Docker how");
	call_outcome(l);
}

static void do_logs(struct loop *l)
{
	(void) sd_notify(0, "STATUS=The agent ended in trouble; reading its last words");
	call_verb(l, ENGINE_LOGS, LOGS_LIMIT_MS);
}

static void do_upgrade(struct loop *l)
{
	(void) sd_notify(0, "STATUS=Loading the agent's new image");
	call_verb(l, ENGINE_UPGRADE, 0);
}

static void do_stop(struct loop *l)
{
	l->stopping = true;
	(void) sd_notify(0, "STOPPING=1\nSTATUS=Stopping the agent");
	call_verb(l, ENGINE_STOP, STOP_LIMIT_MS);
}

/* Docker cannot be asked, but the process is known by its pidfd: it ends in order all the same. */
static void do_signal(struct loop *l)
{
	if (!l->process) {
		feed(l, EV_GONE);
		return;
	}
	log_warn("Docker cannot stop the agent; sending SIGTERM to its process");
	if (syscall(SYS_pidfd_send_signal, sd_event_source_get_io_fd(l->process), SIGTERM, NULL, 0) < 0 || set_timer(l, SIGNAL_LIMIT_MS) < 0)
		feed(l, EV_TIMER);
}

static void do_quit(struct loop *l, int status, const char *why)
{
	job_cancel(&l->job);
	l->timer = sd_event_source_disable_unref(l->timer);
	log_info("%s", why);
	step_note(l->options->root_fd, STEP_AGENT, status == 0 ? STEP_SKIPPED : STEP_FAILED, l->up_began, "%s", why);
	if (!l->stopping)
		(void) sd_notify(0, "STOPPING=1");
	(void) sd_event_exit(l->ev, status);
}

static void do_bug(struct loop *l, enum sup_event event)
{
	log_error("internal error: event %d in state '%s'", (int) event, sup_state_name(l->state));
	(void) sd_event_exit(l->ev, EXIT_FAILED);
}

/* Those that need nothing but the loop. */
static void (*const simple[])(struct loop *l) = {
	[DO_UP] = do_up,           [DO_READY] = do_ready,     [DO_RELOAD] = do_reload, [DO_REFRESH] = do_refresh,
	[DO_KEEP] = do_keep,       [DO_RESTART] = do_restart, [DO_OUTCOME] = do_outcome, [DO_LOGS] = do_logs,
	[DO_UPGRADE] = do_upgrade, [DO_BACKOFF] = do_backoff, [DO_STOP] = do_stop,     [DO_SIGNAL] = do_signal,
};

void act(struct loop *l, enum sup_action action, enum sup_event event)
{
	switch (action) {
	case DO_NOTHING:
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
		do_bug(l, event);
		break;
	default:
		simple[action](l);
	}
}
