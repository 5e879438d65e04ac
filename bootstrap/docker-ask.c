#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/agent-files.h"
#include "bootstrap/docker-ask.h"

static bool take(const char *host, char ret[DOCKER_ASK_SOCKET_SIZE])
{
	size_t n = strlen("unix://");

	if (!host || strncmp(host, "unix://", n) != 0 || host[n] != '/' || strlen(host + n) >= DOCKER_ASK_SOCKET_SIZE)
		return false;
	snprintf(ret, DOCKER_ASK_SOCKET_SIZE, "%s", host + n);
	return true;
}

void docker_ask_where(int root, char ret[DOCKER_ASK_SOCKET_SIZE])
{
	char *host = agent_files_value(root, "DOCKER_HOST");

	/* A root's own name may be longer than the name of a socket may be. */
	if (!take(getenv("DOCKER_HOST"), ret) && !take(host, ret))
		snprintf(ret, DOCKER_ASK_SOCKET_SIZE, "/proc/self/fd/%d/var/run/docker.sock", root);
	free(host);
}

int docker_ask(const char *socket, const char *path, size_t limit, struct http_reply *ret, struct err *e)
{
	AUTO_HTTP *h = NULL;
	char url[512];
	int r = http_new(&h, e);

	snprintf(url, sizeof url, "http://localhost%s", path);
	struct http_request rq = {
		.method = "GET", .url = url, .unix_socket = socket, .connect_ms = DOCKER_ASK_MS, .total_ms = DOCKER_ASK_MS, .max_reply = limit,
	};

	return r < 0 ? r : http_do(h, &rq, ret, e);
}
