/* HTTP on a unix socket, by libmicrohttpd: the only file that sees it. No thread, no waiting; the caller has the event loop. */
#ifndef EFS_PLUGIN_SERVER_H
#define EFS_PLUGIN_SERVER_H

#include <stdbool.h>

#include "common/err.h"
#include "common/view.h"

struct server;
struct exchange; /* one request and its answer; lives until on_end */

#define TYPE_PLUGIN "application/vnd.docker.plugins.v1.1+json"
#define TYPE_TEXT   "text/plain; charset=utf-8"

enum { SERVER_CONNECTIONS_MAX = 1024 };

struct server_calls {
	/*
	 * A whole request has come. post: its method is POST. too_large: the body was over the limit, and is not given.
	 * Answer it with exchange_answer, now or later.
	 */
	void (*on_request)(void *ctx, struct exchange *x, const char *path, bool post, bool too_large, struct view body);
	/* It is over. sent: the whole answer went out. */
	void (*on_end)(void *ctx, struct exchange *x, void *owner, bool sent);
	void *ctx;
};

/* Serves a listening socket, which stays the caller's. body_max: bytes of a request. The caller frees *ret. */
int server_new(int fd, size_t body_max, const struct server_calls *calls, struct server **ret, struct err *e) MUST_CHECK;
void server_freep(struct server **s); /* every exchange ends */

int server_fd(const struct server *s); /* readable: call server_run */
int server_timeout(const struct server *s); /* ms until server_run is due anyway; -1: not */
void server_run(struct server *s);

/* Copies the body. Once for each exchange. */
void exchange_answer(struct exchange *x, unsigned status, const char *type, struct view body);

/* What the caller remembers with it: comes back in on_end. */
void exchange_own(struct exchange *x, void *owner);

/* The client's connection, to look whether it has hung up; not to be read. */
int exchange_fd(const struct exchange *x);

#endif
