/*
 * fetch ADDRESS PORT PATH: HTTP GET of an IPv4 address, the body on stdout.
 * Static and without name lookup, so that it runs in an empty image.
 * Exit: 0 status 200, 1 connection refused or lost, 2 usage, 3 another
 * status, 4 no answer within two seconds (a dropped packet looks like this).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int fail(const char *what)
{
	int code = errno == EAGAIN || errno == EINPROGRESS || errno == ETIMEDOUT ? 4 : 1;

	fprintf(stderr, "fetch: %s: %m\n", what);
	return code;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct timeval limit = { .tv_sec = 2 };
	char reply[16384];
	size_t have = 0;
	ssize_t n;
	int status;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &a.sin_addr) != 1) {
		fprintf(stderr, "usage: fetch ADDRESS PORT PATH\n");
		return 2;
	}
	a.sin_port = htons((uint16_t) atoi(argv[2]));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* the send limit is the limit of connect() too */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
		return fail("connect");
	dprintf(fd, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", argv[3], argv[1]);
	while (have < sizeof(reply) - 1 &&
	       (n = recv(fd, reply + have, sizeof(reply) - 1 - have, 0)) != 0) {
		if (n < 0)
			return fail("receive");
		have += (size_t) n;
	}
	reply[have] = '\0';
	char *body = strstr(reply, "\r\n\r\n");
	if (!body || sscanf(reply, "HTTP/%*d.%*d %d", &status) != 1) {
		fprintf(stderr, "fetch: no HTTP answer\n");
		return 1;
	}
	printf("%s\n", body + 4);
	if (status != 200)
		fprintf(stderr, "fetch: status %d\n", status);
	return status == 200 ? 0 : 3;
}
