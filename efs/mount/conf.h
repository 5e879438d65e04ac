/* What efs-utils.conf says, where amazon-efs-utils once was or an image builder has put it. */
#ifndef EFS_MOUNT_CONF_H
#define EFS_MOUNT_CONF_H

#include <stdbool.h>

#include "common/view.h"

#define PATH_EFS_UTILS_CONF "/etc/amazon/efs/efs-utils.conf"

/* "key = value" (or ':') below "[section]", as Python's configparser reads them; the last one wins. Pure. false: not there. */
bool conf_find(struct view text, const char *section, const char *key, struct view *ret);

/* The value of [mount.REGION], else that of [mount]. region may be "". */
bool conf_mount(struct view text, const char *region, const char *key, struct view *ret);

#endif
