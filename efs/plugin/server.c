#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "efs/plugin/server.h"

enum {
	HEADERS_MAX = 8 << 10,  /* of one connection: request line, headers and what libmicrohttpd needs for itself */
	IDLE_S = 600,           /* dockerd keeps a connection for its next request */
};

struct server {
	struct MHD_Daemon  *daemon;
	struct server_calls calls;
	size_t              body_max;
	struct exchange    *waiting; /* those that are suspended */
	bool                due;     /* one was resumed, which no descriptor tells */
};

struct exchange {
	struct exchange       *next, *previous; /* among those */
	struct server         *server;
	struct MHD_Connection *connection;
	struct buf             body;
	bool                   too_large, given, answered, suspended;
	struct MHD_Response   *answer;
	unsigned               status;
	void                  *owner;
};

static void suspend(struct exchange *x)
{
	x->suspended = true;
	x->previous = NULL;
	x->next = x->server->waiting;
	if (x->next)
		x->next->previous = x;
	x->server->waiting = x;
	MHD_suspend_connection(x->connection);
}

static void resume(struct exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	if (x->next)
		x->next->previous = x->previous;
	if (x->previous)
		x->previous->next = x->next;
	else
		x->server->waiting = x->next;
	x->server->due = true;
	MHD_resume_connection(x->connection);
}

static enum MHD_Result send_answer(struct exchange *x)
{
	enum MHD_Result r;

	if (!x->answer)
		return MHD_NO; /* no memory for it: the connection is closed, and dockerd asks again */
	r = MHD_queue_response(x->connection, x->status, x->answer);
	MHD_destroy_response(x->answer);
	x->answer = NULL;
	return r;
}

static struct exchange *exchange_new(struct server *s, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof *x);

	if (x)
		*x = (struct exchange) { .server = s, .connection = connection, .body.limit = s->body_max };
	return x;
}

/* Called at the headers, for each piece of the body, at its end, and again after a pause. */
static enum MHD_Result on_access(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **request)
{
	struct server *s = ctx;
	struct exchange *x = *request;

	(void) version;
	if (!x) {
		*request = exchange_new(s, connection);
		return *request ? MHD_YES : MHD_NO;
	}
	if (*size > 0) {
		/* read to its end in any case: an answer before that is lost on a client that still writes */
		if (!x->too_large && buf_add(&x->body, data, *size) < 0)
			x->too_large = true;
		*size = 0;
		return MHD_YES;
	}
	if (!x->given) {
		x->given = true;
		s->calls.on_request(s->calls.ctx, x, url, strcmp(method, MHD_HTTP_METHOD_POST) == 0, x->too_large, buf_view(&x->body));
	}
	if (x->answered)
		return send_answer(x);
	suspend(x);
	return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode code)
{
	struct server *s = ctx;
	struct exchange *x = *request;

	(void) connection;
	if (!x)
		return;
	if (x->given)
		s->calls.on_end(s->calls.ctx, x, x->owner, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (x->answer)
		MHD_destroy_response(x->answer);
	buf_done(&x->body);
	free(x);
	*request = NULL;
}

int server_new(int fd, size_t body_max, const struct server_calls *calls, struct server **ret, struct err *e)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return err_set(e, -ENOMEM, "start the HTTP server");
	*s = (struct server) { .calls = *calls, .body_max = body_max };
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, s,
	                             MHD_OPTION_LISTEN_SOCKET, fd,
	                             MHD_OPTION_CONNECTION_LIMIT, (unsigned) SERVER_CONNECTIONS_MAX,
	                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HEADERS_MAX,
	                             MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) IDLE_S,
	                             MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
	if (!s->daemon) {
		free(s);
		return err_say(e, -EIO, "start the HTTP server: libmicrohttpd gives no reason");
	}
	*ret = s;
	return 0;
}

void server_freep(struct server **s)
{
	if (!*s)
		return;
	/* libmicrohttpd ends the program when it is stopped with connections suspended */
	while ((*s)->waiting)
		resume((*s)->waiting);
	MHD_stop_daemon((*s)->daemon);
	free(*s);
	*s = NULL;
}

int server_fd(const struct server *s)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

int server_timeout(const struct server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (s->due)
		return 0;
	if (MHD_get_timeout(s->daemon, &ms) != MHD_YES)
		return -1;
	return ms > INT_MAX ? INT_MAX : (int) ms;
}

void server_run(struct server *s)
{
	s->due = false;
	(void) MHD_run(s->daemon);
}

void exchange_answer(struct exchange *x, unsigned status, const char *type, struct view body)
{
	x->status = status;
	x->answered = true;
	x->answer = MHD_create_response_from_buffer(body.len, (void *) body.p, MHD_RESPMEM_MUST_COPY);
	if (x->answer) {
		(void) MHD_add_response_header(x->answer, MHD_HTTP_HEADER_CONTENT_TYPE, type);
		if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
			(void) MHD_add_response_header(x->answer, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_POST);
	}
	resume(x);
}

void exchange_own(struct exchange *x, void *owner)
{
	x->owner = owner;
}

int exchange_fd(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? (int) info->connect_fd : -1;
}
