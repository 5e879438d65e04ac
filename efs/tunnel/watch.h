/* Whether a tunnel is still needed: by whether its mount is in the mount table, and for how long it has not been. Pure. */
#ifndef EFS_TUNNEL_WATCH_H
#define EFS_TUNNEL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/view.h"

/*
 * Whether text, a mount table, holds an NFS mount at mount_point that goes to 127.0.0.1 and this port. anywhere: also at
 * another place; a port of our own namespace is ours alone, while tasks' namespaces have ports of their own.
 */
bool watch_mounted(struct view text, const char *mount_point, uint16_t port, bool anywhere);

enum watch_verdict { WATCH_GO_ON, WATCH_NEVER /* nobody ever mounted it */, WATCH_GONE };

struct watch {
	long within_ms, gone_ms; /* how long a mount may be expected, and be missed */
	long since;              /* clock_ms(): when it was begun, or the mount was there last */
	bool seen;
};

/*
 * What a look at the mount table at this time means. heard: when the mount target was heard last on a connection that is
 * open, 0: none is. While it still answers somebody the kernel has not let go of the file system: a lazy umount leaves it to
 * those who have files open, and any umount has words for the server at its end.
 */
enum watch_verdict watch_judge(struct watch *w, bool mounted, long heard, long now);

#endif
