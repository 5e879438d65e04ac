#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "common/file.h"
#include "init/probe.h"

static const char request[] = "GET /v1/metadata HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";

struct probe {
	struct probe_start start;
	uint64_t         interval_us;
	sd_event_source *timer, *io;
	int              fd; /* of the look that waits for its answer; -1: none does */
	bool             asked, answered;
};

void probe_freep(struct probe **p)
{
	if (!*p)
		return;
	sd_event_source_disable_unref((*p)->timer);
	sd_event_source_disable_unref((*p)->io);
	fd_closep(&(*p)->fd);
	free(*p);
	*p = NULL;
}

static void end_look(struct probe *p)
{
	p->io = sd_event_source_disable_unref(p->io);
	fd_closep(&p->fd);
}

static int on_readable(sd_event_source *s, int fd, uint32_t events, void *ctx)
{
	struct probe *p = ctx;
	char start[5];
	ssize_t n = recv(fd, start, sizeof start, MSG_DONTWAIT);

	(void) s;
	(void) events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	p->answered = n == sizeof start && memcmp(start, "HTTP/", sizeof start) == 0;
	end_look(p);
	return 0;
}

/*
 * On loopback a connection is there as soon as connect(2) returns, so the request can follow at once. Where it cannot, the
 * agent's backlog is full or nobody listens: no answer, which is what the next look will find.
 */
static bool ask(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(INTROSPECTION_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return (connect(fd, (const struct sockaddr *) &a, sizeof a) == 0 || errno == EINPROGRESS) &&
	       send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t) sizeof request - 1;
}

/* Without a descriptor to be had nothing is asked, and so nothing held against the agent. */
static void look(struct probe *p)
{
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	p->asked = p->fd >= 0;
	p->answered = false;
	if (!p->asked)
		return;
	if (!ask(p->fd))
		end_look(p);
	else if (sd_event_add_io(sd_event_source_get_event(p->timer), &p->io, p->fd, EPOLLIN, on_readable, p) < 0)
		p->asked = false;
}

/* Judges the look before, which had all the time since, and begins the next. */
static int on_time(sd_event_source *s, uint64_t usec, void *ctx)
{
	struct probe *p = ctx;
	bool hangs;

	(void) usec;
	if (p->io)
		(void) on_readable(p->io, p->fd, EPOLLIN, p); /* it may have answered while we slept */
	hangs = p->asked && health_hangs(p->start.health, p->answered);
	end_look(p);
	look(p);
	(void) sd_event_source_set_time_relative(s, p->interval_us);
	(void) sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	if (hangs)
		p->start.on_hung(p->start.ctx); /* may free p */
	return 0;
}

int probe_new(sd_event *ev, const struct probe_start *s, struct probe **ret, struct err *e)
{
	struct probe *p = calloc(1, sizeof *p);
	int r;

	if (!p)
		return err_set(e, -ENOMEM, "watch the agent's introspection port");
	*p = (struct probe) { .start = *s, .interval_us = (uint64_t) health_interval_ms(s->timeout_s) * 1000, .fd = -1 };
	/* Exact to a tenth, so that the kernel wakes us once for this and the watchdog. */
	r = sd_event_add_time_relative(ev, &p->timer, CLOCK_MONOTONIC, p->interval_us, p->interval_us / 10, on_time, p);
	if (r < 0) {
		probe_freep(&p);
		return err_set(e, r, "watch the agent's introspection port");
	}
	*ret = p;
	return 0;
}
