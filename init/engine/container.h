/* What we ask the Docker Engine about containers and images: one function a call. Errors as docker_call. */
#ifndef INIT_ENGINE_CONTAINER_H
#define INIT_ENGINE_CONTAINER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/paths.h"
#include "init/engine/docker.h"

#define AGENT_CONTAINER "ecs-agent"
#define NEXT_CONTAINER  "ecs-agent-next" /* created while the one before still runs, then renamed */
#define HASH_LABEL      "ecs-bootstrap.request-sha256"

struct container {
	char id[80];
	char hash[80]; /* of HASH_LABEL; empty if it is not one of ours */
	bool running;
	int  pid;      /* as the host sees it; 0 while not running */
	int  exit_code;
};

/* name or id. DOCKER_NOT_FOUND if there is none. */
int container_inspect(struct docker *d, const char *name, struct container *ret, struct err *e) MUST_CHECK;

/* DOCKER_CONFLICT: the name is taken. DOCKER_NOT_FOUND: the image is not there. */
int container_create(struct docker *d, const char *name, struct json_object *request, char ret_id[80], struct err *e) MUST_CHECK;

int container_start(struct docker *d, const char *id, struct err *e) MUST_CHECK;  /* already started is fine */

/* SIGTERM, then SIGKILL after grace_s seconds. DOCKER_NOT_FOUND, DOCKER_NOT_MODIFIED if it did not run. */
int container_stop(struct docker *d, const char *id, unsigned grace_s, struct err *e) MUST_CHECK;

int container_remove(struct docker *d, const char *id, struct err *e) MUST_CHECK; /* by force; none there is fine */

int container_rename(struct docker *d, const char *id, const char *name, struct err *e) MUST_CHECK;

/* Blocks until it has ended, at most wait_ms. *ret_code: its exit status. */
int container_wait(struct docker *d, const char *id, long wait_ms, int *ret_code, struct err *e) MUST_CHECK;

/* The last lines of its output, both streams in Docker's framing taken off, appended to *b. */
int container_logs(struct docker *d, const char *id, unsigned lines, struct buf *b, struct err *e) MUST_CHECK;

/* The id of an image. DOCKER_NOT_FOUND if it is not loaded. */
int image_id(struct docker *d, const char *name, char ret_id[80], struct err *e) MUST_CHECK;

/* Streams a docker-archive tar. Docker answers 200 even to a bad one: its error line becomes -EREMOTEIO, another image -ENOENT. */
int image_load(struct docker *d, int tar_fd, struct err *e) MUST_CHECK;

/* The interface of Docker's default bridge ("docker0"); empty if there is none ("bridge": "none"). */
int bridge_name(struct docker *d, char ret[16], struct err *e) MUST_CHECK;

/*
 * The readers of Docker's answers: 0 or -EBADMSG. o may be NULL. An id is a plain word: it goes into the paths of further
 * calls and into reports. Pure.
 */
int container_read(struct json_object *o, struct container *ret) MUST_CHECK;
int container_read_exit(struct json_object *o, int *ret_code) MUST_CHECK;
int id_read(struct json_object *o, char ret_id[80]) MUST_CHECK;        /* of a new container, of an image */
int bridge_read(struct json_object *o, char ret_name[16]) MUST_CHECK; /* as bridge_name() */

/* Docker's log framing (8-byte headers: stream, 0 0 0, big-endian length) taken off. Pure; what is cut short is kept. */
int unframe_logs(struct view framed, struct buf *b) MUST_CHECK;

#endif
