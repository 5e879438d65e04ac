/* Which dockerd it is: a daemon that was restarted ends its containers as if they had wanted to, and only this tells. */
#ifndef INIT_ENGINE_DAEMON_H
#define INIT_ENGINE_DAEMON_H

#include "common/view.h"

enum { DAEMON_IDENTITY_MAX = 48 };

/*
 * "PID.STARTTIME" of the process behind the socket: of its listener, or where systemd listens for it (socket activation)
 * of the one named in /run/docker.pid. Empty if that cannot be found out. Only to be compared.
 */
void daemon_identity(int root, const char *socket, char ret[DAEMON_IDENTITY_MAX]);

/* Field 22 of /proc/PID/stat, counted behind the last ')' because the name before it may hold anything. Empty if not there. Pure. */
struct view stat_start_time(struct view stat);

#endif
