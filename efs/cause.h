/* What lies behind the words of a mount helper that failed, for those who look after the file system. Pure. */
#ifndef EFS_CAUSE_H
#define EFS_CAUSE_H

#include "common/view.h"

/* A hint for what mount(8), mount.efs, mount.s3files or mount.nfs4 has said, "" if nothing is known. Static. */
const char *cause_hint(struct view said);

#endif
