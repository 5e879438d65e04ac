/* What lies behind a mount.nfs4 that failed, from its own words and from a look at the mount target. Pure. */
#ifndef EFS_MOUNT_EXPLAIN_H
#define EFS_MOUNT_EXPLAIN_H

#include <stdbool.h>

#include "common/view.h"

struct failure {
	struct view said;   /* by mount.nfs4 */
	bool        tls, iam;
	int         access; /* what connecting to port 2049 gave: 0 or negative errno */
};

/* A static sentence, "" if nothing is known. */
const char *explain(const struct failure *f);

#endif
