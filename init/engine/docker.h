/* A connection to the Docker Engine API over its unix socket: negotiation, one generic call, and Docker's own error texts. */
#ifndef INIT_ENGINE_DOCKER_H
#define INIT_ENGINE_DOCKER_H

#include <errno.h>
#include <stdbool.h>

#include "common/err.h"
#include "common/http.h"
#include "common/json.h"

#define DOCKER_SOCKET "/var/run/docker.sock"

struct docker;

/* Answers of the engine that a caller must know how to take. */
enum { DOCKER_NOT_MODIFIED = 304, DOCKER_NOT_FOUND = 404, DOCKER_CONFLICT = 409 };

/* -DOCKER_AWAY: absent, refusing, silent or cut off in the middle. An errno of its own, so that no missing file looks like it. */
enum { DOCKER_AWAY = EHOSTDOWN };

enum {
	DOCKER_API_KNOWN = 144, /* 1.44: the newest version that this code was written for */
	DOCKER_API_OLDEST = 124,
	DOCKER_CALL_MS = 30000, /* deadline of an ordinary call */
};

/* The socket named by DOCKER_HOST if that starts with unix://, else DOCKER_SOCKET. */
const char *docker_socket_from_environment(void);

/* Does no I/O. socket is kept, not copied. */
int docker_new(const char *socket, struct docker **ret, struct err *e) MUST_CHECK;
void docker_freep(struct docker **d);
#define AUTO_DOCKER CLEANUP(docker_freep) struct docker

/*
 * Pings, waiting for the answer at most ping_ms, and fixes the API version: see docker_negotiate. A ping does not name the
 * daemon's oldest; the first call that is refused for its version, also by a daemon that was exchanged meanwhile, asks for it.
 * 0, -DOCKER_AWAY or another error.
 */
int docker_connect(struct docker *d, long ping_ms, struct err *e) MUST_CHECK;
int docker_api(const struct docker *d); /* 100 * major + minor; 0 before docker_connect */

struct docker_call {
	const char         *method;
	const char         *path;     /* below /vX.Y, query included */
	struct json_object *body;     /* sent as JSON; NULL: none. Borrowed */
	int                 body_fd;  /* >0: a tar that is streamed */
	long                total_ms; /* 0: DOCKER_CALL_MS; negative: no limit but stall_s */
	long                stall_s;
	bool (*on_chunk)(void *ctx, struct view chunk); /* takes the reply's body as it comes */
	void               *ctx;
};

/*
 * 0 for 2xx with the reply's JSON in *ret (ret NULL: not wanted; the caller puts it; NULL for an empty body), one of the
 * positive answers above with *e filled too, or negative: -DOCKER_AWAY, -EBADMSG when the reply is not JSON,
 * -EREMOTEIO for any other status with Docker's message.
 */
int docker_call(struct docker *d, const struct docker_call *c, struct json_object **ret, struct err *e) MUST_CHECK;

/* What an error reply says: {"message": "…"}, or the text itself if it is not that; cut at 299 bytes. Pure. */
void docker_reason(struct view body, char ret[300]);

/* Which transport errors (of http_do) mean that the daemon is not there just now, so that waiting for it is the answer. Pure. */
bool docker_away_errno(int code);

/*
 * The version to speak to a daemon whose newest is own ("1.41") and whose oldest is oldest ("1.24"; empty: not known).
 * 100 * major + minor, or -EBADMSG. Pure. 1.44 where both sides know it. A daemon that demands more is spoken to in what it
 * demands: the few calls made here have kept their meaning since 1.24, and the choice is between that and no agent.
 */
int docker_negotiate(struct view own, struct view oldest);

#endif
