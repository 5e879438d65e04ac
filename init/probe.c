#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/file.h"
#include "common/tcp.h"
#include "init/probe.h"

static const char request[] = "GET /v1/metadata HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";

struct probe {
	struct probe_start start;
	uint64_t         interval_us;
	sd_event_source *timer;
	int              fd; /* of the last look; -1: none has been made, or there was no descriptor to be had */
};

void probe_freep(struct probe **p)
{
	if (!*p)
		return;
	sd_event_source_disable_unref((*p)->timer);
	fd_closep(&(*p)->fd);
	free(*p);
	*p = NULL;
}

/*
 * On loopback a connection is there as soon as connect(2) returns, so the request can follow at once. Where it cannot, the
 * agent's backlog is full or nobody listens: no answer, which is what the next look will find. The descriptor is kept until
 * then, so it must not be what takes the agent's port.
 */
static void ask(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(INTROSPECTION_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (connect(fd, (const struct sockaddr *) &a, sizeof a) < 0 && errno != EINPROGRESS)
		return;
	if (tcp_met_itself(fd))
		(void) connect(fd, &(const struct sockaddr) { .sa_family = AF_UNSPEC }, sizeof(struct sockaddr)); /* ends it */
	else
		(void) send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
}

static bool has_answered(int fd)
{
	char start[5];

	return recv(fd, start, sizeof start, MSG_DONTWAIT) == sizeof start && memcmp(start, "HTTP/", sizeof start) == 0;
}

/* Judges the look before, whose answer has waited in the socket, and makes the next: no wake-up of its own for the answer. */
static int on_time(sd_event_source *s, uint64_t usec, void *ctx)
{
	struct probe *p = ctx;
	bool hangs = p->fd >= 0 && health_hangs(p->start.health, has_answered(p->fd));

	(void) usec;
	fd_closep(&p->fd);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd >= 0)
		ask(p->fd);
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
