#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/notify.h"
#include "efs/plugin/loop.h"
#include "efs/plugin/place.h"
#include "efs/plugin/socket.h"
#include "efs/plugin/store.h"
#include "efs/plugin/work.h"

struct loop {
	struct plugin p;
	struct source server, saver, signals;
	int           listener, signal_fd;
	bool          own_socket, stop;
	unsigned      watchdog_ms;
	long          watchdog_due;
};

static void on_server(struct plugin *p, struct source *s)
{
	(void) s;
	server_run(p->server);
}

static void on_saver(struct plugin *p, struct source *s)
{
	(void) s;
	on_saved(p);
}

static void on_signal(struct plugin *p, struct source *s)
{
	struct loop *l = (struct loop *) p;
	struct signalfd_siginfo si;

	(void) s;
	while (read(l->signal_fd, &si, sizeof si) == (ssize_t) sizeof si) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		log_info("signal %u: ending", si.ssi_signo);
		l->stop = true;
	}
	work_reap(p); /* one SIGCHLD may stand for several children */
}

static int watch(struct loop *l, int fd, struct source *s, void (*on_event)(struct plugin *, struct source *), struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };

	s->on_event = on_event;
	if (fd < 0 || epoll_ctl(l->p.epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_set(e, fd < 0 ? -EBADF : -errno, "watch for events");
	return 0;
}

static int open_signals(struct loop *l, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void) signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(e, -errno, "block signals");
	l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return l->signal_fd < 0 ? err_set(e, -errno, "watch for signals") : watch(l, l->signal_fd, &l->signals, on_signal, e);
}

static int open_socket(struct loop *l, const struct loop_options *o, struct err *e)
{
	int r = socket_passed(&l->listener, e);

	if (r != SOCKET_NONE)
		return r;
	r = socket_make(o->root_dir, o->root, &l->listener, e);
	l->own_socket = r == 0;
	return r;
}

/* The socket comes last: who connects finds the volumes. */
static int begin(struct loop *l, const struct loop_options *o, struct err *e)
{
	int r;

	l->p.epoll = epoll_create1(EPOLL_CLOEXEC);
	r = l->p.epoll < 0 ? err_set(e, -errno, "watch for events") : open_signals(l, e);
	if (r == 0)
		r = place_open(o->root, &l->p.real, e);
	if (r == 0)
		r = open_socket(l, o, e); /* before the state is touched: there may be another one of us */
	if (r == 0)
		r = store_load(o->root, l->p.real, &l->p.volumes, e);
	if (r == 0)
		r = saver_new(o->root, PATH_PLUGIN_STATE, &l->p.saver, e);
	if (r == 0)
		r = plugin_serve(&l->p, l->listener, e);
	if (r == 0)
		r = watch(l, saver_fd(l->p.saver), &l->saver, on_saver, e);
	return r == 0 ? watch(l, server_fd(l->p.server), &l->server, on_server, e) : r;
}

static void end(struct loop *l, const struct loop_options *o)
{
	work_stop(&l->p);
	if (l->p.saver)
		save_if_due(&l->p);
	saver_freep(&l->p.saver);
	server_freep(&l->p.server);
	if (l->own_socket)
		socket_remove(o->root);
	volumes_done(&l->p.volumes);
	buf_done(&l->p.mountinfo);
	free(l->p.real);
	fd_closep(&l->listener);
	fd_closep(&l->signal_fd);
	fd_closep(&l->p.epoll);
}

/* The sooner of a timeout (-1: none) and what is left until due (-1: never). */
static int sooner(int timeout, long due, long now)
{
	long left = due - now;

	if (due < 0)
		return timeout;
	if (left < 0)
		left = 0;
	return timeout < 0 || left < timeout ? (int) (left > INT_MAX ? INT_MAX : left) : timeout;
}

static int next_timeout(struct loop *l, long work_due)
{
	long now = clock_ms();
	int timeout = sooner(server_timeout(l->p.server), work_due, now);

	if (!l->watchdog_ms)
		return timeout;
	if (now >= l->watchdog_due) {
		notify("WATCHDOG=1");
		l->watchdog_due = now + l->watchdog_ms;
	}
	return sooner(timeout, l->watchdog_due, now);
}

/* One event at a time: what it does may end what the next one was about. */
static void turn(struct loop *l)
{
	long work_due = work_tick(&l->p); /* first: it may change what is to be saved, and give answers */
	struct epoll_event ev;
	int n;

	save_if_due(&l->p);
	n = epoll_wait(l->p.epoll, &ev, 1, next_timeout(l, work_due));
	if (n > 0) {
		struct source *s = ev.data.ptr;

		s->on_event(&l->p, s);
	}
	/* answers that were given outside of its turn, or a timeout of its own */
	if (server_timeout(l->p.server) == 0)
		server_run(l->p.server);
}

int loop_run(const struct loop_options *o, struct err *e)
{
	struct loop l = { .p = { .root = o->root, .epoll = -1, .mount_limit_ms = o->mount_limit_ms }, .listener = -1, .signal_fd = -1 };
	int r = begin(&l, o, e);

	if (r == 0) {
		log_info("serving %zu volumes on %s", l.p.volumes.count, l.own_socket ? "a socket of our own" : "the socket of systemd");
		l.watchdog_ms = notify_watchdog_ms();
		l.p.changes++; /* what was found at the start goes to the disk */
		notify("READY=1\nSTATUS=serving volumes");
		while (!l.stop)
			turn(&l);
		notify("STOPPING=1");
	}
	end(&l, o);
	return r;
}
