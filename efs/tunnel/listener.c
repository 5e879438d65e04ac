#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/file.h"
#include "efs/tunnel/listener.h"

enum { PORTS = PORT_LAST - PORT_FIRST + 1, BACKLOG = 64 };

/* Every step that shares no divisor with 1000 visits all. */
uint16_t listener_candidate(unsigned dice, unsigned n)
{
	static const unsigned steps[] = { 1, 3, 7, 9, 11, 13, 17, 19 };
	unsigned step = steps[dice % ARRAY_LEN(steps)], first = dice / ARRAY_LEN(steps) % PORTS;

	return (uint16_t) (PORT_FIRST + (first + n * step) % PORTS);
}

static int listen_on(const struct netns *n, uint16_t port, int *ret_fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	AUTO_FD fd = netns_socket(n, AF_INET);
	int one = 1;

	if (fd < 0)
		return fd;
	/* Connections of a tunnel that was here before us may not have timed out yet. */
	(void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *) &a, sizeof a) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int listener_open(const struct netns *n, uint16_t port, unsigned dice, int *ret_fd, uint16_t *ret_port, struct err *e)
{
	int r = -EADDRINUSE;

	*ret_port = port;
	if (port != 0)
		r = listen_on(n, port, ret_fd);
	for (unsigned i = 0; port == 0 && i < PORTS && r == -EADDRINUSE; i++) {
		*ret_port = listener_candidate(dice, i);
		r = listen_on(n, *ret_port, ret_fd);
	}
	if (r == -EADDRINUSE && port == 0)
		return err_say(e, r, "listen on 127.0.0.1: all ports from %d to %d are taken", PORT_FIRST, PORT_LAST);
	return r < 0 ? err_set(e, r, "listen on 127.0.0.1:%u", *ret_port) : 0;
}

/* Where route_localnet is on, as on every ECS instance, packets to 127.0.0.1 may come from elsewhere. */
int listener_accept(int fd)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	socklen_t len = sizeof from;
	int client;

	for (;;) {
		client = accept4(fd, (struct sockaddr *) &from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0)
			return -errno;
		if (from.sin_family == AF_INET && ntohl(from.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
			return client;
		fd_closep(&client);
		len = sizeof from;
	}
}
