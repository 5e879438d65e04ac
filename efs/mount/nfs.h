/* mount.nfs4: its command line, what to do after it failed, and its runs. */
#ifndef EFS_MOUNT_NFS_H
#define EFS_MOUNT_NFS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

enum { NFS_TRIES = 3, NFS_TRY_MS = 15000 };

enum nfs_next { NFS_DONE, NFS_AGAIN, NFS_AGAIN_LATER, NFS_FAILED };

/* How one run ended. */
struct nfs_end {
	unsigned    attempt; /* 1 is the first */
	bool        killed;  /* it did not end in time */
	int         status;  /* if it did: of mount(8) */
	struct view said;
	bool        access_point; /* one was asked for: it may be so new that servers do not know it yet */
};

/* As amazon-efs-utils decides. Pure. */
enum nfs_next nfs_judge(const struct nfs_end *end);

struct nfs_mount {
	const char *source;  /* HOST:/PATH */
	const char *dir, *options;
	bool        access_point, sloppy, no_mtab, verbose;
	int         netns;    /* -1: ours */
	long        deadline; /* clock_ms() for all runs together */
};

/* 0; -EIO and what it said in *said (the last run's), or another negative errno: it could not be run, or never ended. *e holds the cause. */
int nfs_mount(const struct nfs_mount *m, struct buf *said, struct err *e) MUST_CHECK;

/* Lets the kernel read ahead as far as AWS recommends; what cannot be set is left. dir: where NFS is mounted now. rsize in bytes. */
void nfs_read_ahead(const char *dir, unsigned long rsize);

#endif
