#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"
#include "init/engine/docker.h"

enum { REPLY_MAX = 8 << 20 };

struct docker {
	const char  *socket;
	struct http *http;
	int          api;
};

const char *docker_socket_from_environment(void)
{
	const char *host = getenv("DOCKER_HOST");

	return host && strncmp(host, "unix://", 7) == 0 && host[7] == '/' ? host + 7 : DOCKER_SOCKET;
}

int docker_new(const char *socket, struct docker **ret, struct err *e)
{
	AUTO_DOCKER *d = calloc(1, sizeof *d);
	int r;

	if (!d)
		return err_set(e, -ENOMEM, "set up a Docker connection");
	d->socket = socket;
	r = http_new(&d->http, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

void docker_freep(struct docker **d)
{
	if (!*d)
		return;
	http_freep(&(*d)->http);
	free(*d);
	*d = NULL;
}

int docker_api(const struct docker *d)
{
	return d->api;
}

bool docker_away_errno(int code)
{
	switch (-code) {
	case ENOENT:       /* no socket */
	case ECONNREFUSED: /* a socket nobody listens on */
	case ECONNRESET:
	case EPIPE:
	case EAGAIN:       /* its backlog is full */
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

/* Gives the errors that mean "away" their one code; the sentence stays. */
static int transport_error(int r, struct err *e)
{
	e->code = docker_away_errno(r) ? -DOCKER_AWAY : r;
	return e->code;
}

static int read_version(struct view text, int *ret)
{
	struct view major = view_cut(&text, '.');
	uint64_t a, b;

	if (parse_u64(major, 9, &a) < 0 || parse_u64(text, 99, &b) < 0)
		return -EBADMSG;
	*ret = (int) (a * 100 + b);
	return 0;
}

int docker_negotiate(struct view own, struct view oldest)
{
	int newest, least = DOCKER_API_OLDEST;

	if (read_version(own, &newest) < 0 || (oldest.len > 0 && read_version(oldest, &least) < 0))
		return -EBADMSG;
	if (newest < DOCKER_API_KNOWN)
		return newest;
	return least > DOCKER_API_KNOWN ? least : DOCKER_API_KNOWN;
}

static int take_version(struct docker *d, struct view own, struct view oldest, struct err *e)
{
	int api = docker_negotiate(own, oldest);

	if (api < 0)
		return err_say(e, -EBADMSG, "ask Docker at '%s' for its version: '%.*s' is none", d->socket, VIEW_ARG(own, (size_t) 16));
	if (api < DOCKER_API_OLDEST)
		return err_say(e, -EPROTONOSUPPORT, "use Docker at '%s': its API %.*s is older than 1.24", d->socket, VIEW_ARG(own, (size_t) 16));
	d->api = api;
	return 0;
}

int docker_connect(struct docker *d, long ping_ms, struct err *e)
{
	AUTO_REPLY reply = { 0 };
	struct http_request rq = {
		.method = "GET", .url = "http://docker/_ping", .unix_socket = d->socket, .total_ms = ping_ms, .max_reply = 4096,
	};
	struct view own = { "", 0 }, none = { "", 0 };
	int r = http_do(d->http, &rq, &reply, e);

	if (r < 0)
		return transport_error(r, e);
	if (reply.status != 200) /* 503 while it starts up or shuts down */
		return err_say(e, -DOCKER_AWAY, "ping Docker at '%s': HTTP status %ld", d->socket, reply.status);
	if (!http_header(&reply, "Api-Version", &own) || docker_negotiate(own, none) < 0)
		return err_say(e, -EBADMSG, "ping Docker at '%s': the answer has no API version", d->socket);
	return take_version(d, own, none, e);
}

void docker_reason(struct view body, char ret[300])
{
	struct view text = view_trim(body);
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err unused;
	const char *message = NULL;

	if (json_parse(text, &o, &at, &unused) == 0)
		message = json_text(o, "message", NULL);
	if (message)
		text = view_of(message);
	snprintf(ret, 300, "%.*s", VIEW_ARG(text, (size_t) 299));
}

static int refused(const struct docker_call *c, const struct http_reply *reply, struct err *e)
{
	char reason[300];
	int code = -EREMOTEIO;

	docker_reason(buf_view(&reply->body), reason);
	if (reply->status == DOCKER_NOT_MODIFIED || reply->status == DOCKER_NOT_FOUND || reply->status == DOCKER_CONFLICT)
		code = (int) reply->status;
	(void) err_say(e, -EREMOTEIO, "Docker %s %.200s: HTTP status %ld: %s", c->method, c->path, reply->status, reason);
	return code;
}

static int take_json(const struct docker_call *c, const struct http_reply *reply, struct json_object **ret, struct err *e)
{
	struct json_place at;

	if (!ret)
		return 0;
	*ret = NULL;
	if (view_trim(buf_view(&reply->body)).len == 0)
		return 0;
	if (json_parse(buf_view(&reply->body), ret, &at, e) < 0)
		return err_wrap(e, "Docker %s %.200s: the reply is not JSON", c->method, c->path);
	return 0;
}

/* Of both kinds: "client version 1.44 is too old. Minimum supported …" and "… is too new. Maximum supported …". */
static bool is_about_version(const struct http_reply *reply)
{
	return reply->status == 400 && reply->body.p && strstr(reply->body.p, "client version");
}

/* /version needs none itself and names both ends. */
static int negotiate_again(struct docker *d, struct err *e)
{
	AUTO_REPLY reply = { 0 };
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct http_request rq = {
		.method = "GET", .url = "http://docker/version", .unix_socket = d->socket, .total_ms = DOCKER_CALL_MS, .max_reply = REPLY_MAX,
	};
	const char *own, *oldest;
	int r = http_do(d->http, &rq, &reply, e);

	if (r < 0)
		return transport_error(r, e);
	r = reply.status == 200 ? json_parse(buf_view(&reply.body), &o, &at, e) : -EBADMSG;
	own = r == 0 ? json_text(o, "ApiVersion", NULL) : NULL;
	oldest = r == 0 ? json_text(o, "MinAPIVersion", NULL) : NULL;
	if (!own)
		return err_say(e, -EBADMSG, "ask Docker at '%s' for its version: HTTP status %ld, no ApiVersion", d->socket, reply.status);
	return take_version(d, view_of(own), view_of(oldest ? oldest : ""), e);
}

static int call(struct docker *d, const struct docker_call *c, struct http_reply *ret, struct err *e)
{
	static const char *const json[] = { "Content-Type: application/json", NULL };
	static const char *const tar[] = { "Content-Type: application/x-tar", NULL };
	char url[1024];
	struct http_request rq = {
		.method = c->method, .url = url, .unix_socket = d->socket, .body_fd = c->body_fd, .max_reply = REPLY_MAX,
		.total_ms = c->total_ms < 0 ? 0 : c->total_ms ? c->total_ms : DOCKER_CALL_MS,
		.stall_s = c->stall_s, .on_chunk = c->on_chunk, .ctx = c->ctx,
		.headers = c->body_fd > 0 ? tar : c->body ? json : NULL,
	};
	int r;

	if (snprintf(url, sizeof url, "http://docker/v%d.%d%s", d->api / 100, d->api % 100, c->path) >= (int) sizeof url)
		return err_set(e, -ENAMETOOLONG, "Docker %s", c->method);
	if (c->body)
		rq.body = view_of(json_object_to_json_string_ext(c->body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	r = http_do(d->http, &rq, ret, e);
	if (r < 0) {
		(void) transport_error(r, e);
		return err_wrap(e, "Docker");
	}
	return 0;
}

int docker_call(struct docker *d, const struct docker_call *c, struct json_object **ret, struct err *e)
{
	AUTO_REPLY reply = { 0 };
	int r = call(d, c, &reply, e);

	if (r == 0 && is_about_version(&reply) && (c->body_fd <= 0 || lseek(c->body_fd, 0, SEEK_SET) == 0)) {
		r = negotiate_again(d, e);
		http_reply_done(&reply);
		if (r == 0)
			r = call(d, c, &reply, e);
	}
	if (r < 0)
		return r;
	if (reply.status < 200 || reply.status > 299)
		return refused(c, &reply, e);
	return take_json(c, &reply, ret, e);
}
