/* A whole tunnel, as its program runs it: how it is set up (start.c) and kept going (loop.c). */
#ifndef EFS_TUNNEL_TUNNEL_H
#define EFS_TUNNEL_TUNNEL_H

#include "efs/tunnel/background.h"
#include "efs/tunnel/config.h"
#include "efs/tunnel/connection.h"
#include "efs/tunnel/renewal.h"
#include "efs/tunnel/watch.h"

#define PATH_EFS_LOG "/var/log/ecs/ecs-efs.log"

enum { CONNECTIONS_MAX = 256 };

/* Milliseconds. Tests may shorten them. */
struct tunnel_times {
	long renew, stall, mount_within, mount_gone, look;
};

struct tunnel_options {
	const char         *base, *endpoint, *version;
	int                 root; /* stands for "/" in our files; sockets are real */
	struct tunnel_times times;
};

struct tunnel {
	const struct tunnel_options *o;
	struct tunnel_config config;
	struct route         route;
	int                  listener;
	uint16_t             port;
	bool                 numeric;       /* CONNECT is an address */
	struct background   *resolver, *renewer;
	struct lookup        lookup;
	struct renewal       renewal;
	struct efs_identity *who;           /* NULL: none yet */
	unsigned             renew_failures;
	long                 renew_at, wall_offset; /* clock_ms(); milliseconds by which the wall clock was ahead of it then */
	unsigned             failures;      /* of connections, one after the other */
	long                 hold_until;    /* clock_ms(): until then no connection sets out */
	bool                 renew_first;   /* new connections wait for a new certificate */
	struct watch         watch;
	long                 look_at;
	struct connection   *connections[CONNECTIONS_MAX];
	unsigned             n_connections;
	char                 trouble[512];  /* what was said last; empty: all is well */
	bool                 well_said, expiry_said;
};

enum { START_NOTHING_TO_DO = 1 };

/*
 * Reads /run/ecs/efs/BASE.conf, gets a first certificate and listens; then BASE.port holds the port. A mount that is there
 * already (a restart) finds its port again, and does not wait for a certificate. 0; START_NOTHING_TO_DO when there is no
 * such file, or nobody made the mount; -EINVAL for a file that cannot be meant; other negative, reported already. To be ended
 * with tunnel_done.
 */
int tunnel_set_up(struct tunnel *t, const struct tunnel_options *o, struct err *e) MUST_CHECK;
void tunnel_done(struct tunnel *t);

/* Runs until the mount is gone: WATCH_GONE or WATCH_NEVER; the files of the tunnel are removed then. Negative: poll(2) failed. */
int tunnel_loop(struct tunnel *t, struct err *e) MUST_CHECK;

bool tunnel_is_mounted(const struct tunnel *t);
void tunnel_forget(const struct tunnel *t); /* removes its files in /run */

/* "/run/ecs/efs/BASE.SUFFIX" */
enum { TUNNEL_PATH = TUNNEL_BASE_MAX + 64 };
const char *tunnel_path(const struct tunnel_options *o, const char *suffix, char ret[TUNNEL_PATH]);

#endif
