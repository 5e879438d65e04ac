#include <errno.h>
#include <sys/socket.h>

#include "efs/tunnel/flow.h"

enum { ROUNDS = 8 }; /* before other connections have their turn */

/* Which side failed. */
enum side { SIDE_CLIENT, SIDE_UPSTREAM };

bool flow_wants_upstream(const struct connection *c)
{
	return pipe_wants_sink(&c->up) || tls_unsent(c->tls);
}

void flow_wake(struct connection *c, short client, short upstream)
{
	if (client & ~POLLOUT)
		c->client_dry = false;
	if (upstream)
		c->upstream_dry = c->upstream_full = false;
}

static bool can_write_upstream(const struct connection *c)
{
	return flow_wants_upstream(c) && !c->upstream_full;
}

static bool can_read_upstream(const struct connection *c)
{
	return pipe_wants_source(&c->down) && !c->upstream_dry;
}

static bool can_read_client(const struct connection *c)
{
	return pipe_wants_source(&c->up) && !c->client_dry;
}

bool flow_can_go_on(const struct connection *c)
{
	return can_write_upstream(c) || can_read_upstream(c) || can_read_client(c);
}

/* ---- one system call each: 1 something moved, 0 not now, negative as in the error contract */

static int read_client(struct connection *c, struct err *e)
{
	char *to;
	long room = pipe_room(&c->up, &to);
	ssize_t n;

	if (room < 0)
		return err_set(e, (int) room, "read from the NFS client");
	n = recv(c->client, to, (size_t) room, 0);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return err_set(e, -errno, "read from the NFS client");
	c->client_dry = n != 0 && n < room;
	if (n == 0)
		c->up.ended = true;
	if (n > 0)
		pipe_added(&c->up, (size_t) n);
	return n >= 0;
}

static int write_client(struct connection *c, struct err *e)
{
	struct view data = pipe_data(&c->down);
	ssize_t n;

	if (data.len == 0) { /* all is said: the end too */
		c->down.closed = true;
		(void) shutdown(c->client, SHUT_WR);
		return 1;
	}
	n = send(c->client, data.p, data.len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : err_set(e, -errno, "write to the NFS client");
	pipe_taken(&c->down, (size_t) n);
	return n > 0;
}

static int read_upstream(struct connection *c, struct err *e)
{
	char *to;
	size_t n = 0;
	long room = pipe_room(&c->down, &to);
	int answer = room < 0 ? err_set(e, (int) room, "read") : tls_read(c->tls, to, (size_t) room, &n, e);

	if (answer < 0)
		return answer;
	c->read_needs = answer == TLS_WANTS_WRITE ? POLLOUT : POLLIN;
	c->upstream_dry = answer == TLS_WANTS_READ || answer == TLS_WANTS_WRITE;
	if (answer == TLS_ENDED)
		c->down.ended = true;
	pipe_added(&c->down, n);
	if (n > 0) {
		c->asked = 0;
		c->heard = true;
		c->spoke = true;
	}
	return !c->upstream_dry;
}

/* A record, or the end, or, when there is no more, all that has gathered. */
static int give_upstream(struct connection *c, size_t *ret_n, struct err *e)
{
	struct view data = pipe_data(&c->up);
	int answer;

	if (data.len > 0)
		return tls_write(c->tls, data, ret_n, e);
	if (!pipe_wants_sink(&c->up))
		return tls_flush(c->tls, e);
	answer = tls_end(c->tls, e);
	if (answer == 0)
		c->up.closed = true;
	return answer;
}

static int write_upstream(struct connection *c, long now, struct err *e)
{
	size_t n = 0;
	int answer = give_upstream(c, &n, e);

	if (answer < 0)
		return answer;
	c->write_needs = answer == TLS_WANTS_READ ? POLLIN : POLLOUT;
	c->upstream_full = answer > 0;
	pipe_taken(&c->up, n);
	if (n > 0 && !c->asked)
		c->asked = now;
	return answer == 0;
}

/* ---- both directions */

/* Towards a sink first: that makes room. *ret_side: who failed. */
static int one_round(struct connection *c, long now, enum side *ret_side, struct err *e)
{
	bool moved = false;
	int r = 0;

	*ret_side = SIDE_UPSTREAM;
	while (r >= 0 && can_write_upstream(c)) {
		r = write_upstream(c, now, e);
		moved |= r > 0;
	}
	while (r >= 0 && can_read_upstream(c)) {
		r = read_upstream(c, e);
		moved |= r > 0;
	}
	if (r < 0)
		return r;
	*ret_side = SIDE_CLIENT;
	if (pipe_wants_sink(&c->down)) {
		r = write_client(c, e);
		moved |= r > 0;
	}
	if (r >= 0 && can_read_client(c)) {
		r = read_client(c, e);
		moved |= r > 0;
	}
	return r < 0 ? r : moved;
}

enum flow flow_move(struct connection *c, long now, struct err *e)
{
	enum side side = SIDE_CLIENT;
	int r = 1;

	for (unsigned i = 0; i < ROUNDS && r > 0; i++) {
		r = one_round(c, now, &side, e);
		if (r > 0)
			c->since = now;
	}
	pipe_rest(&c->up);
	pipe_rest(&c->down);
	/* An NFS client may hang up, and so may the other side after it has said its end. */
	if (r < 0)
		return side == SIDE_UPSTREAM && !c->down.ended ? FLOW_BROKEN : FLOW_OVER;
	return pipe_over(&c->up) && pipe_over(&c->down) ? FLOW_OVER : FLOW_ON;
}
