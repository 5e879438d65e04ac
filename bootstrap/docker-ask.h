/* Questions to the Docker Engine, for those that only look: GET, with a deadline, on the socket that the agent uses. */
#ifndef BOOTSTRAP_DOCKER_ASK_H
#define BOOTSTRAP_DOCKER_ASK_H

#include "common/http.h"

enum { DOCKER_ASK_SOCKET_SIZE = 108, DOCKER_ASK_MS = 3000 }; /* sun_path of unix(7) */

/* DOCKER_HOST=unix://… of the environment, else that of an ecs.config, else /var/run/docker.sock below root. */
void docker_ask_where(int root, char ret[DOCKER_ASK_SOCKET_SIZE]);

/* GET path with a reply of at most limit bytes. 0 whatever its status, or as http_do(). */
int docker_ask(const char *socket, const char *path, size_t limit, struct http_reply *ret, struct err *e) MUST_CHECK;

#endif
