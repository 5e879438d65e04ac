/* Where volumes are mounted: the folders of VOLUMES_DIR, and what mountinfo says of them. */
#ifndef EFS_PLUGIN_PLACE_H
#define EFS_PLUGIN_PLACE_H

#include "common/buf.h"
#include "common/err.h"
#include "efs/plugin/decide.h"
#include "efs/plugin/volumes.h"

/* Makes VOLUMES_DIR (0700) below root; *ret_real, which the caller frees, is its path without links, as mountinfo has it. */
int place_open(int root, char **ret_real, struct err *e) MUST_CHECK;

/* The folder of a volume that is ours, 0700; one that is there is fine, a link is not. */
int place_make(int root, const char *name, struct err *e) MUST_CHECK;
int place_remove(int root, const char *name, struct err *e) MUST_CHECK; /* only if it is empty and nothing is mounted there */

/* /proc/self/mountinfo, into *b, which is emptied first. 0, or negative: then it cannot be known. */
int place_read(int root, struct buf *b, struct err *e) MUST_CHECK;

/* Whether v is mounted by this text. real: of place_open. */
bool place_has(struct view mountinfo, const char *real, const struct volume *v);

#endif
