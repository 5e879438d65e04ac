/* `efs`, what can be thought out: lines of fstab(5), names of units, drop-ins, and what a failed mount means. Pure. */
#ifndef BOOTSTRAP_EFS_FSTAB_H
#define BOOTSTRAP_EFS_FSTAB_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

enum { EFS_UNIT_SIZE = 256 };

/* One entry of the setting; all borrowed from it. */
struct efs_mount {
	const char *mount_point, *file_system, *root, *access_point; /* access_point NULL: none */
	bool        tls, iam, required;
	unsigned    tls_port; /* 0: the helper picks one */
	char        unit[EFS_UNIT_SIZE]; /* of systemd */
};

/* 0 or negative. What the table of settings refuses is not refused again. */
int efs_mount_read(struct json_object *entry, struct efs_mount *ret, struct err *e) MUST_CHECK;

/* systemd.unit(5), "string escaping": the mount unit of a path. 0 or -ENAMETOOLONG. */
int efs_unit_name(const char *path, char ret[EFS_UNIT_SIZE]) MUST_CHECK;

/* Adds its line of fstab(5), as efs-utils' mount.efs takes it. 0, -EMSGSIZE, -ENOMEM. */
int efs_fstab_line(const struct efs_mount *m, struct buf *b) MUST_CHECK;

/* The drop-in that makes a unit wait for mounts. what of them: for Docker all, for the agent those that are required. */
int efs_dropin(const struct efs_mount *m, size_t n, bool only_required, struct buf *b) MUST_CHECK;

/*
 * fstab with lines in one marked block at its end, or without the block if there are none. All other lines stay, byte by
 * byte; a block without an end loses only its first line. 0, -EMSGSIZE, -ENOMEM.
 */
int efs_fstab_merge(struct view fstab, struct view lines, struct buf *ret) MUST_CHECK;

/* The number of the line outside our block that mounts something at path; 0: none. */
unsigned efs_fstab_taken(struct view fstab, const char *path);

#endif
