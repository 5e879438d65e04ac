/* Swap, its file system: a file that is made before its disk is mounted would lie below the mount point, on the wrong disk. */
#ifndef BOOTSTRAP_SWAP_AWAIT_H
#define BOOTSTRAP_SWAP_AWAIT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/view.h"

/* A line of fstab for a folder above some path. */
struct swap_mount {
	char point[4096];
	bool by_cloud_init; /* comes after us at boot: waiting for it is waiting for ourselves */
};

/* Cuts the lines of fstab off until one mounts something, other than root, above path by itself (not noauto, no bind mount). Pure. */
bool swap_mounts_next(struct view *fstab, const char *path, struct swap_mount *ret);

/* Waits, at most so long, until all that fstab mounts above path is mounted. 0; -EAGAIN and which is not; negative. */
int swap_await_mounts(int root, const char *path, unsigned wait_ms, struct err *e) MUST_CHECK;

#endif
