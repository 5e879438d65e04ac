/* What keeps network managers off the interfaces that ECS attaches: the text of each file. Pure. */
#ifndef BOOTSTRAP_TRUNK_FILES_H
#define BOOTSTRAP_TRUNK_FILES_H

#include "common/buf.h"

/* The instance's own interface, which stays with its manager. */
struct trunk_primary {
	char mac[18];  /* as Linux prints it */
	char name[16]; /* letters, digits and . _ : @ - */
};

/* Of all interfaces of EC2, blank between them: Nitro, Xen with SR-IOV, Xen. */
#define TRUNK_DRIVERS "ena ixgbevf vif"

/*
 * All below /run: a file with the MAC address or the name of this instance's interface must never be seen by another
 * instance that boots from an image of this one, or after a change of the type, since that would take its network away.
 */
struct trunk_file {
	const char *path;
	const char *probes[3]; /* the manager is installed if one of these exists; none: always */
	int (*render)(const struct trunk_primary *p, const char *drivers, struct buf *b); /* 0 or as buf_add() */
};

enum { TRUNK_FILES = 4 };
extern const struct trunk_file trunk_files[TRUNK_FILES];

#endif
