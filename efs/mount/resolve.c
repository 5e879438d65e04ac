#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "efs/mount/child.h"
#include "efs/mount/resolve.h"

enum { PROBE_MS = 2000, PROBE_PAUSE_MS = 500, RESOLVE_PAUSE_MS = 1000, ANSWER_MAX = 4096, NO_NAME = 1, NO_SERVER = 2 };

/* Prints the canonical name and one address a line; or the cause. */
static int look_up(void *ctx)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME | AI_ADDRCONFIG };
	struct addrinfo *found = NULL;
	char text[ADDRESS_SIZE];
	int r = getaddrinfo(ctx, NULL, &want, &found);

	if (r != 0) {
		puts(r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return r == EAI_AGAIN || r == EAI_SYSTEM ? NO_SERVER : NO_NAME;
	}
	puts(found->ai_canonname ? found->ai_canonname : "");
	for (const struct addrinfo *a = found; a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
			puts(text);
	freeaddrinfo(found);
	return 0;
}

static void keep(struct view said, struct addresses *ret)
{
	struct view line;

	*ret = (struct addresses) { .n = 0 };
	if (view_line(&said, &line))
		snprintf(ret->canonical, sizeof ret->canonical, "%.*s", VIEW_ARG(line, sizeof ret->canonical - 1));
	while (ret->n < ADDRESSES_MAX && view_line(&said, &line))
		if (line.len > 0 && line.len < ADDRESS_SIZE)
			snprintf(ret->text[ret->n++], ADDRESS_SIZE, "%.*s", VIEW_ARG(line, (size_t) ADDRESS_SIZE - 1));
}

int resolve(const char *name, long deadline, struct addresses *ret, struct err *e)
{
	struct child c = { .work = look_up, .ctx = (void *) name, .netns = -1, .deadline = deadline };

	for (;;) {
		AUTO_BUF said = { .limit = ANSWER_MAX };
		int status, r = child_run(&c, &status, &said, e);
		struct view cause = view_trim(buf_view(&said));

		if (r == -ETIMEDOUT)
			return err_say(e, r, "no name server has answered in time");
		if (r < 0)
			return r;
		if (status == 0)
			keep(buf_view(&said), ret);
		if (status == 0 && ret->n > 0)
			return 0;
		if (status != NO_SERVER)
			return err_say(e, -EHOSTUNREACH, "%.*s", VIEW_ARG(cause, (size_t) 100));
		if (clock_ms() + RESOLVE_PAUSE_MS >= deadline)
			return err_say(e, -EAGAIN, "%.*s", VIEW_ARG(cause, (size_t) 100));
		clock_sleep_ms(RESOLVE_PAUSE_MS);
	}
}

struct door {
	const char *address;
	unsigned    port, tries;
};

static int set_address(const struct door *d, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *) ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) ret;

	*ret = (struct sockaddr_storage) { .ss_family = strchr(d->address, ':') ? AF_INET6 : AF_INET };
	if (ret->ss_family == AF_INET) {
		v4->sin_port = htons((uint16_t) d->port);
		return inet_pton(AF_INET, d->address, &v4->sin_addr) == 1 ? 0 : EINVAL;
	}
	v6->sin6_port = htons((uint16_t) d->port);
	return inet_pton(AF_INET6, d->address, &v6->sin6_addr) == 1 ? 0 : EINVAL;
}

/* 0 or a positive errno: an exit status has room for it. */
static int knock_once(const struct door *d)
{
	struct sockaddr_storage to;
	int cause = set_address(d, &to);
	socklen_t len = sizeof cause;
	AUTO_FD fd = cause ? -1 : socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (cause || fd < 0)
		return cause ? cause : errno;
	if (connect(fd, (struct sockaddr *) &to, sizeof to) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, PROBE_MS) == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) < 0 ? errno : cause;
}

static int knock(void *ctx)
{
	const struct door *d = ctx;
	int r = 0;

	for (unsigned i = 0; i < d->tries; i++) {
		if (i > 0)
			clock_sleep_ms(PROBE_PAUSE_MS);
		r = knock_once(d);
		if (r == 0)
			break;
	}
	return r;
}

static const char *why(int cause)
{
	switch (cause) {
	case ETIMEDOUT:
		return "no answer: do the security groups let this instance, or the task's network interface, reach TCP port 2049 of the mount target?";
	case ECONNREFUSED:
		return "nothing listens there: is it a mount target?";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "no route: is it in this VPC, and is the network up?";
	default:
		return strerror(cause);
	}
}

int probe(const char *address, unsigned port, unsigned tries, int netns, struct err *e)
{
	struct door d = { .address = address, .port = port, .tries = tries };
	struct child c = { .work = knock, .ctx = &d, .netns = netns, .deadline = clock_ms() + (long) tries * (PROBE_MS + PROBE_PAUSE_MS) + 1000 };
	AUTO_BUF said = { .limit = ANSWER_MAX };
	int cause, r = child_run(&c, &cause, &said, e);

	if (r < 0)
		cause = -r;
	else if (cause == CHILD_NO_NETNS)
		return err_say(e, -ENXIO, "%.*s", VIEW_ARG(view_trim(buf_view(&said)), (size_t) 200));
	return cause == 0 ? 0 : err_say(e, -cause, "connect to %s port %u: %s", address, port, why(cause));
}
