/* The TLS tunnel of one mount, a process of its own (ecs-efs-tunnel): what it is told, its start and its end. */
#ifndef EFS_MOUNT_UNIT_H
#define EFS_MOUNT_UNIT_H

#include "efs/mount/options.h"
#include "efs/mount/place.h"

#define PATH_EFS_RUN_DIR "/run/ecs/efs"
#define EFS_TUNNEL       "ecs-efs-tunnel"

struct tunnel_unit {
	int                       root;
	const char               *root_path; /* of root; NULL: "/" */
	const char               *base; /* name of the mount */
	const char               *dir;
	const struct efs_options *options;
	const struct place       *place;
	const char               *ca_file, *source; /* ca_file "": the system's authorities */
	long                      deadline;         /* clock_ms() */
};

/* The text of its state file, KEY=VALUE lines. Pure. 0; -EINVAL if a value has a line end in it; -ENOMEM. */
int unit_text(const struct tunnel_unit *t, struct buf *b, struct err *e) MUST_CHECK;

/*
 * Writes the state file and has systemd start the tunnel, or starts it where there is no systemd. 0 once it listens, and
 * the port. On failure nothing of it is left.
 */
int unit_start(const struct tunnel_unit *t, unsigned *ret_port, struct err *e) MUST_CHECK;

/* Whether the tunnel has told what ails it: its words in *e. */
bool unit_trouble(const struct tunnel_unit *t, struct err *e);

/* Ends a tunnel whose mount did not come to be. */
void unit_stop(const struct tunnel_unit *t);

#endif
