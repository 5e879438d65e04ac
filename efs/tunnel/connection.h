/* One connection of the NFS client with its own TLS connection to the mount target, moved on whenever a socket is ready. */
#ifndef EFS_TUNNEL_CONNECTION_H
#define EFS_TUNNEL_CONNECTION_H

#include <poll.h>
#include <stdbool.h>

#include "common/err.h"
#include "efs/tunnel/lookup.h"
#include "efs/tunnel/netns.h"
#include "efs/tunnel/pipe.h"
#include "efs/tunnel/tls.h"

/* For a name, for each of its addresses, for a handshake; after one side has said all; for a bare acknowledgement of bytes. */
enum { LOOKUP_MS = 10000, CONNECT_MS = 5000, HANDSHAKE_MS = 15000, LINGER_MS = 20000, UNACKED_MS = 60000 };

enum connection_state { CONN_WAITING, CONN_CONNECTING, CONN_SHAKING_HANDS, CONN_FLOWING, CONN_OVER };

/* What all connections of a tunnel share. */
struct route {
	struct netns               netns;
	const char                *host;
	struct tls_context        *tls;
	const struct efs_identity *who; /* changes when it is renewed; sessions keep theirs */
	long                       stall_ms; /* how long an answer may take */
};

struct connection {
	enum connection_state state;
	int                   client, upstream;
	struct tls           *tls;
	struct addresses      to;
	unsigned              at;        /* of to: the one that is tried */
	struct pipe           up, down;
	bool                  client_dry, upstream_dry; /* gave all they had; to be read again after a wake-up */
	bool                  upstream_full;
	short                 read_needs, write_needs; /* POLLIN or POLLOUT: what TLS waits for */
	long                  since;     /* clock_ms(): when the state was entered, or one side ended */
	long                  asked;     /* when the oldest byte was sent since the peer was heard last; 0: none */
	bool                  spoke;     /* the peer, since the caller looked last; it notes when */
	long                  heard_at;  /* that time; 0: never */
	bool                  heard, told; /* the mount target has said something: all is well; the program has said so */
	struct err            why;       /* code 0 when it is over in good order */
};

/* client: a non-blocking socket, taken over. */
int connection_new(int client, long now, struct connection **ret, struct err *e) MUST_CHECK;
void connection_freep(struct connection **c);

/* Sets out to the first of these addresses. Those that fail are followed by the next. */
void connection_start(struct connection *c, const struct route *r, const struct addresses *to, long now);

/* What to poll for: p[0] the client, p[1] the mount target. Returns true if it can go on without a wake-up. */
bool connection_poll(const struct connection *c, struct pollfd p[2]);

/* Does what is possible now; p as poll(2) left it. Afterwards the state may be CONN_OVER. */
void connection_step(struct connection *c, const struct route *r, const struct pollfd p[2], long now);

/* When connection_step is to be called at the latest, clock_ms(); LONG_MAX: whenever. */
long connection_deadline(const struct connection *c, const struct route *r);

void connection_fail(struct connection *c, const struct err *why); /* over, for this reason */

#endif
