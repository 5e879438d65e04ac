/*
 * Stand-in for the ECS agent: the two ports that the host's rules and the
 * supervisor know, and orders that make it misbehave as the real one can.
 *
 *   0.0.0.0:51678    GET /v1/metadata         introspection
 *   127.0.0.1:51679  GET /v2/credentials/ID   task credentials
 *                    GET /exit/N              exit with code N
 *                    GET /hang                stop answering on both ports
 *                    GET /ignore-term         SIGTERM has no effect any more
 *
 * STAND_IN_ORDER in the environment (`exit/2`) is obeyed at start, so that
 * ecs.config can ask for an agent that never comes up.
 * The ports open REGISTER_MS after the start: the real agent opens them when it has registered.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef AGENT_VERSION
#define AGENT_VERSION "1.0.0"
#endif

#ifndef REGISTER_MS
#define REGISTER_MS 0
#endif

static void on_term(int sig)
{
	(void) sig;
	_exit(0);
}

static int listen_on(const char *address, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	inet_pton(AF_INET, address, &a.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || listen(fd, 16) < 0) {
		fprintf(stderr, "listen %s:%u: %m\n", address, (unsigned) port);
		exit(1);
	}
	return fd;
}

static void answer(int fd, const char *status, const char *body)
{
	dprintf(fd, "HTTP/1.0 %s\r\nContent-Type: application/json\r\n"
	        "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	        status, strlen(body), body);
}

/* The answer must leave before an order is obeyed, so the caller closes first. */
static void obey(const char *order)
{
	if (strncmp(order, "exit/", 5) == 0)
		exit(atoi(order + 5));
	if (strcmp(order, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(order, "ignore-term") == 0)
		signal(SIGTERM, SIG_IGN);
}

static bool is_order(const char *path)
{
	return strncmp(path, "/exit/", 6) == 0 || strcmp(path, "/hang") == 0 ||
	       strcmp(path, "/ignore-term") == 0;
}

static void answer_introspection(int fd, const char *path)
{
	const char *cluster = getenv("ECS_CLUSTER");
	char body[1024];

	if (strcmp(path, "/v1/metadata") != 0) {
		answer(fd, "404 Not Found", "{}");
		return;
	}
	if (!cluster || !*cluster)
		cluster = "default";
	snprintf(body, sizeof(body),
	         "{\"Cluster\":\"%s\",\"ContainerInstanceArn\":\"arn:aws:ecs:us-east-1:123456789012:"
	         "container-instance/%s/0123456789abcdef0123456789abcdef\","
	         "\"Version\":\"Amazon ECS Agent - v" AGENT_VERSION " (stand-in)\"}",
	         cluster, cluster);
	answer(fd, "200 OK", body);
}

static void answer_credentials(int fd, const char *path)
{
	const char *id = path + strlen("/v2/credentials/");
	char body[512];

	if (is_order(path)) {
		answer(fd, "200 OK", "{}");
	} else if (strncmp(path, "/v2/credentials/", strlen("/v2/credentials/")) == 0 && *id) {
		snprintf(body, sizeof(body),
		         "{\"RoleArn\":\"arn:aws:iam::123456789012:role/%.64s\","
		         "\"AccessKeyId\":\"ASIASTANDIN\",\"SecretAccessKey\":\"not-a-secret\","
		         "\"Token\":\"not-a-token\",\"Expiration\":\"2099-01-01T00:00:00Z\"}", id);
		answer(fd, "200 OK", body);
	} else {
		answer(fd, "404 Not Found", "{}");
	}
}

static void serve(int listener, void (*reply)(int fd, const char *path), bool orders)
{
	char request[2048], path[1024] = "";
	struct timeval limit = { .tv_sec = 1 };
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
	request[n > 0 ? n : 0] = '\0';
	if (sscanf(request, "GET %1023s", path) == 1)
		reply(fd, path);
	close(fd);
	if (orders && is_order(path)) {
		printf("order: %s\n", path + 1);
		fflush(stdout);
		obey(path + 1);
	}
}

int main(void)
{
	struct sigaction term = { .sa_handler = on_term };
	const char *order = getenv("STAND_IN_ORDER");

	sigaction(SIGTERM, &term, NULL);
	signal(SIGPIPE, SIG_IGN);
	printf("agent stand-in " AGENT_VERSION " starting\n");
	fflush(stdout);
	if (order)
		obey(order);
	usleep(REGISTER_MS * 1000);

	struct pollfd ports[] = {
		{ .fd = listen_on("0.0.0.0", 51678), .events = POLLIN },
		{ .fd = listen_on("127.0.0.1", 51679), .events = POLLIN },
	};
	for (;;) {
		if (poll(ports, 2, -1) < 0)
			continue;
		if (ports[0].revents)
			serve(ports[0].fd, answer_introspection, false);
		if (ports[1].revents)
			serve(ports[1].fd, answer_credentials, true);
	}
}
