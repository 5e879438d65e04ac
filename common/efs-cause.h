/* What lies behind the words of a mount of EFS that failed: one table for the boot's mounts, mount.efs and the volume plugin. Pure. */
#ifndef COMMON_EFS_CAUSE_H
#define COMMON_EFS_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/view.h"

/* How it was to be mounted; only mount.efs knows. */
enum efs_way { EFS_WAY_UNKNOWN, EFS_WAY_PLAIN, EFS_WAY_TLS, EFS_WAY_TLS_IAM, EFS_WAY_COUNT_ };

/* A row of the table. */
struct efs_cause {
	const char *said; /* what is looked for, in the C locale: by mount(8), nfs-utils, amazon-efs-utils */
	unsigned    ways; /* bits, 1 << enum efs_way: the row is for these */
	const char *text; /* one sentence, for those who look after the file system */
};

extern const struct efs_cause efs_causes[];
extern const size_t           efs_causes_n;

/* The first row that is found in said. Else: timed_out, that nobody answers; "" if nothing is known. Static. */
const char *efs_cause(struct view said, enum efs_way way, bool timed_out);

#endif
