#include <errno.h>
#include <signal.h>

#include "common/log.h"
#include "init/actions.h"

/* The state changes before the action runs: an action that fails at once feeds the next event from within. */
void feed(struct loop *l, enum sup_event event)
{
	struct sup_step step = sup_next(l->state, event);

	if (step.act != DO_BUG)
		l->state = step.next;
	if (l->state != SUP_RUNNING)
		probe_freep(&l->probe);
	act(l, step.act, event);
}

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *si, void *ctx)
{
	(void) s;
	log_info("%s asks to stop", si->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	feed(ctx, EV_STOP);
	return 0;
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *si, void *ctx)
{
	(void) s;
	(void) si;
	log_info("SIGHUP asks to read the configuration again");
	feed(ctx, EV_RELOAD);
	return 0;
}

/* Blocked before anything else is done: an early SIGHUP must not end us. */
static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

static int set_up(struct loop *l)
{
	int r = block_signals();
	struct err e;

	environment_note(l->options->root_fd, &l->environment);
	if (r >= 0)
		r = sd_event_new(&l->ev);
	if (r >= 0)
		r = sd_event_add_signal(l->ev, NULL, SIGTERM, on_signal, l);
	if (r >= 0)
		r = sd_event_add_signal(l->ev, NULL, SIGINT, on_signal, l);
	if (r >= 0)
		r = sd_event_add_signal(l->ev, NULL, SIGHUP, on_hangup, l);
	if (r >= 0)
		r = sd_event_set_watchdog(l->ev, 1);
	if (r >= 0 && rules_watch_new(l->ev, l->options->netconf, l->options->root, &l->rules, &e) < 0)
		log_warn("%s; rules that are changed by others are not restored", e.text);
	return r;
}

static void tear_down(struct loop *l)
{
	rules_watch_freep(&l->rules);
	job_cancel(&l->job);
	probe_freep(&l->probe);
	sd_event_source_disable_unref(l->timer);
	sd_event_source_disable_unref(l->process);
	sd_event_unref(l->ev);
	buf_done(&l->environment.names);
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
