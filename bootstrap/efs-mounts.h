/*
 * `efs`: file systems that are mounted before Docker starts. `config` writes fstab(5) and drop-ins and has systemd start the
 * mounts; it never waits for one. `ecs-bootstrap efs-mounts` does, says why one fails, and has it tried again.
 */
#ifndef BOOTSTRAP_EFS_MOUNTS_H
#define BOOTSTRAP_EFS_MOUNTS_H

#include "bootstrap/apply.h"

#define PATH_EFS_MOUNTS  "/run/ecs/efs-mounts.json"                /* what is wanted on this boot: instanceId, mounts */
#define PATH_EFS_RESULTS "/run/ecs/efs-results.json"               /* what became of each: state, cause */
#define PATH_EFS_STATE   "/var/lib/ecs/bootstrap/efs-mounts.json"  /* what we put on this host: its line, whether we made the folder */

enum { EFS_MOUNTS_MAX = 64, EFS_NO_SYSTEMD = 2 };

/* 0, APPLY_SAME, EFS_NO_SYSTEMD (all is written; nobody is there to mount it) or negative. */
int efs_mounts_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

enum efs_outcome { EFS_MOUNTED, EFS_WAITS, EFS_GIVEN_UP };

struct efs_watch {
	int      root;
	unsigned timeout_ms;
	void (*tell)(void *ctx, const char *mount_point, enum efs_outcome outcome, const struct err *why); /* each time that changes */
	void    *ctx;
};

enum { EFS_NOTHING = 1, EFS_MISSING = 2 };

/* 0 all are mounted, EFS_NOTHING none is wanted, EFS_MISSING some are not mounted; or negative. */
int efs_mounts_watch(const struct efs_watch *w, struct err *e) MUST_CHECK;

#endif
