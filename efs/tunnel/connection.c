#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/file.h"
#include "efs/tunnel/connection.h"
#include "efs/tunnel/flow.h"

int connection_new(int client, long now, struct connection **ret, struct err *e)
{
	struct connection *c = calloc(1, sizeof *c);
	int one = 1;

	if (!c)
		return err_set(e, -ENOMEM, "take a connection");
	c->client = client;
	c->upstream = -1;
	c->since = now;
	c->read_needs = POLLIN;
	c->write_needs = POLLOUT;
	(void) setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void) setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	*ret = c;
	return 0;
}

void connection_freep(struct connection **c)
{
	if (!*c)
		return;
	tls_freep(&(*c)->tls);
	fd_closep(&(*c)->upstream);
	fd_closep(&(*c)->client);
	pipe_done(&(*c)->up);
	pipe_done(&(*c)->down);
	free(*c);
	*c = NULL;
}

static void enter(struct connection *c, enum connection_state state, long now)
{
	c->state = state;
	c->since = now;
}

void connection_fail(struct connection *c, const struct err *why)
{
	c->state = CONN_OVER;
	c->why = *why;
}

/* ---- to the mount target */

/* "connect to HOST (ADDRESS): cause", the cause being in e. */
static void fail_at(struct connection *c, const struct route *r, struct err *e)
{
	char address[ADDRESS_TEXT] = "?";

	if (c->at < c->to.n)
		address_text(&c->to.at[c->at], address);
	(void) err_wrap(e, c->state == CONN_FLOWING ? "connection to %s (%s)" : "connect to %s (%s)", r->host, address);
	connection_fail(c, e);
}

/* So that a mount target that vanished is noticed: probes when it is quiet, and an end to unanswered sending. */
static void tune(int fd)
{
	int one = 1, idle = 60, pause = 15, probes = 4, unacked = UNACKED_MS;

	(void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	(void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	(void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &pause, sizeof pause);
	(void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	(void) setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof unacked);
}

static int set_out(struct connection *c, const struct route *r)
{
	const struct sockaddr_storage *to = &c->to.at[c->at];

	fd_closep(&c->upstream);
	c->upstream = netns_socket(&r->netns, to->ss_family);
	if (c->upstream < 0)
		return c->upstream;
	tune(c->upstream);
	if (connect(c->upstream, (const struct sockaddr *) to, c->to.len[c->at]) < 0 && errno != EINPROGRESS)
		return -errno;
	return 0;
}

static int connect_cause(int code, struct err *e)
{
	if (code == -ETIMEDOUT)
		return err_say(e, code, "no answer on this port (do security groups let TCP through?)");
	return err_say(e, code, "%s", strerror(-code));
}

/* The address at hand failed with this code, 0 if none was tried yet: on to the next. */
static void next_address(struct connection *c, const struct route *r, int code, long now)
{
	struct err e;

	for (c->at += code < 0; c->at < c->to.n; c->at++) {
		code = set_out(c, r);
		if (code == 0) {
			enter(c, CONN_CONNECTING, now);
			return;
		}
	}
	c->at = c->to.n > 0 ? c->to.n - 1 : 0;
	(void) connect_cause(code < 0 ? code : -EHOSTUNREACH, &e);
	fail_at(c, r, &e);
}

void connection_start(struct connection *c, const struct route *r, const struct addresses *to, long now)
{
	c->to = *to;
	c->at = 0;
	next_address(c, r, 0, now);
}

static void shake_hands(struct connection *c, const struct route *r, long now)
{
	struct err e;
	int answer = tls_handshake(c->tls, &e);

	if (answer < 0) {
		fail_at(c, r, &e);
	} else if (answer > 0) {
		c->read_needs = answer == TLS_WANTS_WRITE ? POLLOUT : POLLIN;
	} else {
		c->read_needs = POLLIN;
		enter(c, CONN_FLOWING, now);
	}
}

static void check_connect(struct connection *c, const struct route *r, long now)
{
	struct err e;
	int code = 0;
	socklen_t len = sizeof code;

	if (getsockopt(c->upstream, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		code = errno;
	if (code) {
		next_address(c, r, -code, now);
	} else if (tls_new(r->tls, r->who, r->host, c->upstream, &c->tls, &e) < 0) {
		fail_at(c, r, &e);
	} else {
		enter(c, CONN_SHAKING_HANDS, now);
		shake_hands(c, r, now);
	}
}

/* ---- what wakes it, and what it does then */

static short upstream_events(const struct connection *c)
{
	short events = 0;

	switch (c->state) {
	case CONN_CONNECTING:
		return POLLOUT;
	case CONN_SHAKING_HANDS:
		return c->read_needs;
	case CONN_FLOWING:
		if (pipe_wants_source(&c->down))
			events |= c->read_needs;
		if (flow_wants_upstream(c))
			events |= c->write_needs;
		return events;
	default:
		return 0;
	}
}

static short client_events(const struct connection *c)
{
	if (c->state != CONN_FLOWING)
		return 0;
	return (short) ((pipe_wants_source(&c->up) ? POLLIN : 0) | (pipe_wants_sink(&c->down) ? POLLOUT : 0));
}

/* A socket of which nothing is wanted is left out: poll(2) would report its hang-up again and again. */
bool connection_poll(const struct connection *c, struct pollfd p[2])
{
	short client = client_events(c), upstream = upstream_events(c);

	p[0] = (struct pollfd) { .fd = client ? c->client : -1, .events = client };
	p[1] = (struct pollfd) { .fd = upstream ? c->upstream : -1, .events = upstream };
	return c->state == CONN_FLOWING && flow_can_go_on(c);
}

long connection_deadline(const struct connection *c, const struct route *r)
{
	long by = LONG_MAX;

	switch (c->state) {
	case CONN_WAITING:
		return c->since + LOOKUP_MS;
	case CONN_CONNECTING:
		return c->since + CONNECT_MS;
	case CONN_SHAKING_HANDS:
		return c->since + HANDSHAKE_MS;
	case CONN_FLOWING:
		if (pipe_over(&c->up) || pipe_over(&c->down))
			by = c->since + LINGER_MS;
		if (c->asked && pipe_wants_source(&c->down) && c->asked + r->stall_ms < by)
			by = c->asked + r->stall_ms;
		return by;
	default:
		return 0; /* over: to be dropped */
	}
}

static void too_late(struct connection *c, const struct route *r, long now)
{
	struct err e;

	switch (c->state) {
	case CONN_WAITING:
		(void) err_say(&e, -ETIMEDOUT, r->who ? "its address is not known after %d s" : "no certificate to show after %d s", LOOKUP_MS / 1000);
		fail_at(c, r, &e);
		break;
	case CONN_CONNECTING:
		next_address(c, r, -ETIMEDOUT, now);
		break;
	case CONN_SHAKING_HANDS:
		(void) err_say(&e, -ETIMEDOUT, "no TLS handshake within %d s", HANDSHAKE_MS / 1000);
		fail_at(c, r, &e);
		break;
	default:
		if (!c->asked || now < c->asked + r->stall_ms) {
			c->state = CONN_OVER; /* one side has ended, the other says no more */
			break;
		}
		(void) err_say(&e, -ETIMEDOUT, "a request was not answered within %ld s", r->stall_ms / 1000);
		fail_at(c, r, &e);
	}
}

static void go_on(struct connection *c, const struct route *r, long now)
{
	struct err e;

	switch (flow_move(c, now, &e)) {
	case FLOW_OVER:
		c->state = CONN_OVER;
		break;
	case FLOW_BROKEN:
		fail_at(c, r, &e);
		break;
	default:
		break;
	}
}

void connection_step(struct connection *c, const struct route *r, const struct pollfd p[2], long now)
{
	if (c->state == CONN_CONNECTING && p[1].revents)
		check_connect(c, r, now);
	else if (c->state == CONN_SHAKING_HANDS && p[1].revents)
		shake_hands(c, r, now);
	if (c->state == CONN_FLOWING) {
		flow_wake(c, p[0].revents, p[1].revents);
		go_on(c, r, now);
	}
	if (c->state != CONN_OVER && now >= connection_deadline(c, r))
		too_late(c, r, now);
}
