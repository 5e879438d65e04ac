#include <errno.h>
#include <limits.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"
#include "init/rules-damp.h"
#include "init/rules-legacy.h"
#include "init/rules-news.h"
#include "init/rules-watch.h"

enum {
	FIRST_LOOK_MS = 1000,  /* what happened between pre-start and us was told to nobody; the agent's start goes first */
	LEGACY_EVERY_MS = 500, /* with a repair on a busy host, still within a second */
	CHECK_LIMIT_MS = 20000,
	APPLY_LIMIT_MS = 60000, /* others may hold the lock of xtables for long */
	DATAGRAM_MAX = 32768, /* a whole page of messages; the kernel's are NLMSG_GOODSIZE, 8 KiB at most */
	DATAGRAMS_MAX = 256,   /* in a row; the rest waits for the next turn */
	MAKERS_MAX = 4,
};

enum phase {
	IDLE,      /* all is right as far as we know */
	WAITING,   /* a look is due when the timer ends */
	CHECKING,  /* netconf check */
	APPLYING,  /* netconf apply */
	VERIFYING, /* netconf check once more: only what was seen to be right is called restored */
};

struct rules_watch {
	sd_event            *ev;
	char                 netconf[PATH_MAX], root[PATH_MAX]; /* root "": / */
	int                  fd;                                /* -1: no nf_tables here */
	sd_event_source     *io, *timer;
	struct job          *job;
	struct rules_legacy *legacy;
	bool                 has_legacy;
	enum phase           phase;
	unsigned             differences; /* lines of the last check */
	long                 noticed;     /* when what is being mended was first heard of */
	struct rules_news    news;
	struct damp          damp;
	struct maker {
		char     name[sizeof(((struct rules_news *) 0)->name)];
		unsigned times;
	} makers[MAKERS_MAX];
	char datagram[DATAGRAM_MAX];
};

static void start_look(struct rules_watch *w, enum phase phase);
static void go_idle(struct rules_watch *w);

/* ---- time */

static int on_timer(sd_event_source *s, uint64_t usec, void *ctx);

static void set_timer(struct rules_watch *w, unsigned ms)
{
	w->timer = sd_event_source_disable_unref(w->timer);
	if (ms > 0 && sd_event_add_time_relative(w->ev, &w->timer, CLOCK_MONOTONIC, (uint64_t) ms * 1000, 1000, on_timer, w) < 0)
		log_warn("watch rules: no timer");
}

static void set_listening(struct rules_watch *w, bool on)
{
	if (w->io)
		(void) sd_event_source_set_enabled(w->io, on ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* While a look is due, further events change nothing: they are read together, when it begins. */
static void wait_for_look(struct rules_watch *w, unsigned ms)
{
	w->phase = WAITING;
	set_listening(w, false);
	set_timer(w, ms);
}

static void on_change(struct rules_watch *w)
{
	long now = clock_ms();

	w->noticed = now;
	wait_for_look(w, damp_delay_ms(&w->damp, now));
}

static void say_over(struct rules_watch *w)
{
	log_info("rules are left alone again; they were restored %u times in %ld s", w->damp.repairs, (w->damp.last_repair - w->damp.begun) / 1000);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *ctx)
{
	struct rules_watch *w = ctx;

	(void) s;
	(void) usec;
	w->timer = sd_event_source_disable_unref(w->timer);
	if (w->phase == WAITING) {
		start_look(w, CHECKING);
		return 0;
	}
	if (damp_over(&w->damp, clock_ms()))
		say_over(w);
	if (w->has_legacy && rules_legacy_changed(w->legacy))
		on_change(w);
	else
		go_idle(w);
	return 0;
}

/* With nothing to wait for there is no timer at all. */
static void go_idle(struct rules_watch *w)
{
	unsigned ms = damp_quiet_ms(&w->damp, clock_ms());

	if (w->has_legacy && (ms == 0 || ms > LEGACY_EVERY_MS))
		ms = LEGACY_EVERY_MS;
	w->phase = IDLE;
	set_timer(w, ms);
	set_listening(w, true);
}

/* ---- the kernel's messages */

/* Reads what is there. Messages that the kernel had to drop (ENOBUFS), or that are cut short, may have been about us. */
static void read_news(struct rules_watch *w, struct rules_news *n)
{
	for (int i = 0; w->fd >= 0 && i < DATAGRAMS_MAX; i++) {
		ssize_t len = recv(w->fd, w->datagram, sizeof w->datagram, MSG_DONTWAIT | MSG_TRUNC);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno != ENOBUFS)
			return;
		if (len < 0 || (size_t) len > sizeof w->datagram)
			n->concerns = true;
		else
			rules_news_read((struct view) { w->datagram, (size_t) len }, n);
	}
}

static int on_news(sd_event_source *s, int fd, uint32_t events, void *ctx)
{
	struct rules_watch *w = ctx;

	(void) s;
	(void) fd;
	(void) events;
	read_news(w, &w->news);
	if (w->news.concerns)
		on_change(w);
	return 0;
}

/* ---- what is told */

static void count_maker(struct rules_watch *w)
{
	if (w->damp.repairs == 1)
		memset(w->makers, 0, sizeof w->makers);
	for (size_t i = 0; w->news.name[0] && i < MAKERS_MAX; i++) {
		struct maker *m = &w->makers[i];

		if (m->times > 0 && strcmp(m->name, w->news.name) != 0)
			continue;
		memcpy(m->name, w->news.name, sizeof m->name);
		m->times++;
		break;
	}
}

static void say_fight(const struct rules_watch *w)
{
	char who[MAKERS_MAX * 40] = "";
	size_t n = 0;

	for (size_t i = 0; i < MAKERS_MAX && w->makers[i].times > 0; i++)
		n += (size_t) snprintf(who + n, sizeof who - n, "%s'%s' (%u times)", i == 0 ? ", by " : ", ", w->makers[i].name,
				       w->makers[i].times);
	log_warn("rules are changed again and again: restored %u times in %ld s%s; from now on they are restored later and later, after %u s at last",
		 w->damp.repairs, (w->damp.last_repair - w->damp.begun) / 1000, who, DAMP_HOLD_MAX_MS / 1000);
}

static void say_repair(const struct rules_watch *w)
{
	char who[64] = "";

	if (w->news.name[0])
		snprintf(who, sizeof who, " by '%s' (pid %d)", w->news.name, w->news.pid);
	log_warn("rules were changed%s; restored in %ld ms", who, clock_ms() - w->noticed);
}

/* seen: they were seen to be right after it. */
static void note_repair(struct rules_watch *w, bool seen)
{
	enum damp_tell tell = damp_repaired(&w->damp, clock_ms());

	count_maker(w);
	if (tell == DAMP_TELL_FIGHT)
		say_fight(w);
	else if (tell == DAMP_TELL_REPAIR && seen)
		say_repair(w);
}

/* ecs-netconf has said itself what is wrong. */
static void note_failure(struct rules_watch *w)
{
	unsigned ms = damp_failed(&w->damp);

	if (w->damp.failures == 1)
		log_warn("rules cannot be checked or restored now; trying again");
	if (ms > 0) {
		wait_for_look(w, ms);
		return;
	}
	log_error("rules cannot be checked or restored, %u times in a row; waiting for the next change of them", w->damp.failures);
	go_idle(w);
}

/* ---- looking and mending */

static void on_line(void *ctx, struct view line)
{
	struct rules_watch *w = ctx;

	w->differences += line.len > 0 && line.p[0] != '#'; /* a comment says which backend was looked at */
}

static void start_job(struct rules_watch *w, const char *verb, unsigned limit_ms, job_end_fn *end)
{
	const char *with_root[] = { w->netconf, "--root", w->root, verb, NULL };
	const char *without[] = { w->netconf, verb, NULL };
	struct job_start s = {
		.argv = w->root[0] ? with_root : without, .limit_ms = limit_ms, .on_line = on_line, .on_end = end, .ctx = w,
	};
	struct err e;

	w->differences = 0;
	if (job_run(w->ev, &s, &w->job, &e) < 0) {
		log_error("%s", e.text);
		note_failure(w);
	}
}

/* Our own changes are told to us like those of others; the look that follows sees to both. */
static void on_applied(void *ctx, bool ok)
{
	struct rules_watch *w = ctx;
	struct rules_news unused = { .pid = 0 };

	if (!ok) {
		note_failure(w);
		return;
	}
	read_news(w, &unused);
	start_look(w, VERIFYING);
}

static void on_wrong(struct rules_watch *w)
{
	if (w->phase == VERIFYING) { /* somebody was quicker */
		note_repair(w, false);
		wait_for_look(w, damp_delay_ms(&w->damp, clock_ms()));
		return;
	}
	w->phase = APPLYING;
	start_job(w, "apply", APPLY_LIMIT_MS, on_applied);
}

/* Exit status 1 is a difference or a failure; only a difference is printed. */
static void on_looked(void *ctx, bool ok)
{
	struct rules_watch *w = ctx;
	bool meanwhile;

	if (!ok && w->differences == 0) {
		note_failure(w);
		return;
	}
	damp_checked(&w->damp, clock_ms());
	if (!ok) {
		on_wrong(w);
		return;
	}
	if (w->phase == VERIFYING)
		note_repair(w, true);
	w->news = (struct rules_news) { .pid = 0 };
	meanwhile = w->has_legacy && rules_legacy_changed(w->legacy);
	w->has_legacy = rules_legacy_look(w->legacy, true);
	if (meanwhile)
		on_change(w);
	else
		go_idle(w);
}

/* Written by the first `apply`, taken away by `remove`. */
static bool is_applied(const struct rules_watch *w)
{
	char path[PATH_MAX + sizeof PATH_NETCONF_STATE];

	snprintf(path, sizeof path, "%s" PATH_NETCONF_STATE, w->root);
	return access(path, F_OK) == 0;
}

static void start_look(struct rules_watch *w, enum phase phase)
{
	w->phase = phase;
	if (phase == CHECKING)
		read_news(w, &w->news);
	if (!is_applied(w)) {
		w->news = (struct rules_news) { .pid = 0 };
		w->has_legacy = false;
		go_idle(w);
		return;
	}
	w->has_legacy = rules_legacy_look(w->legacy, false); /* as it was before the look, so that nothing falls between */
	start_job(w, "check", CHECK_LIMIT_MS, on_looked);
}

/* ---- set-up */

void rules_watch_freep(struct rules_watch **w)
{
	if (!*w)
		return;
	job_cancel(&(*w)->job);
	sd_event_source_disable_unref((*w)->timer);
	sd_event_source_disable_unref((*w)->io);
	fd_closep(&(*w)->fd);
	rules_legacy_freep(&(*w)->legacy);
	free(*w);
	*w = NULL;
}

static int listen_to_kernel(struct rules_watch *w, struct err *e)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES, r;

	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (w->fd < 0 || bind(w->fd, (struct sockaddr *) &any, sizeof any) < 0 ||
	    setsockopt(w->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
		r = err_set(e, -errno, "listen to changes of nf_tables");
		fd_closep(&w->fd);
		return r;
	}
	r = sd_event_add_io(w->ev, &w->io, w->fd, EPOLLIN, on_news, w);
	return r < 0 ? err_set(e, r, "listen to changes of nf_tables") : 0;
}

int rules_watch_new(sd_event *ev, const char *netconf, const char *root, struct rules_watch **ret, struct err *e)
{
	struct rules_watch *w = calloc(1, sizeof *w);
	int r;

	if (!w)
		return err_set(e, -ENOMEM, "watch rules");
	*w = (struct rules_watch) { .ev = ev, .fd = -1 };
	snprintf(w->netconf, sizeof w->netconf, "%s", netconf);
	snprintf(w->root, sizeof w->root, "%s", root ? root : "");
	w->legacy = rules_legacy_new();
	w->has_legacy = rules_legacy_look(w->legacy, false);
	r = listen_to_kernel(w, e);
	if (r < 0 && !w->has_legacy) {
		rules_watch_freep(&w);
		return r;
	}
	on_change(w);
	set_timer(w, FIRST_LOOK_MS);
	*ret = w;
	return 0;
}
