/* The TLS tunnel of one mount, a process of its own (ecs-efs-tunnel): what it is told, its start and its end. */
#ifndef EFS_MOUNT_TUNNEL_H
#define EFS_MOUNT_TUNNEL_H

#include "efs/mount/options.h"
#include "efs/mount/place.h"

#define PATH_EFS_RUN_DIR "/run/ecs/efs"
#define EFS_TUNNEL       "ecs-efs-tunnel"

struct tunnel {
	int                       root;
	const char               *base; /* name of the mount */
	const char               *dir;
	const struct efs_options *options;
	const struct place       *place;
	const char               *ca_file, *source; /* ca_file "": the system's authorities */
	long                      deadline;         /* clock_ms() */
};

/* The text of its state file, KEY=VALUE lines. Pure. 0; -EINVAL if a value has a line end in it; -ENOMEM. */
int tunnel_text(const struct tunnel *t, struct buf *b, struct err *e) MUST_CHECK;

/*
 * Writes the state file and has systemd start the tunnel, or starts it where there is no systemd. 0 once it listens, and
 * the port. On failure nothing of it is left.
 */
int tunnel_start(const struct tunnel *t, unsigned *ret_port, struct err *e) MUST_CHECK;

/* Ends a tunnel whose mount did not come to be. */
void tunnel_stop(const struct tunnel *t);

#endif
