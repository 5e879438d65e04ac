/* Which names, IDs and paths the plugin takes: nothing that leads out of its folder, nothing that tears a log line. Pure. */
#ifndef EFS_PLUGIN_NAMES_H
#define EFS_PLUGIN_NAMES_H

#include <stdbool.h>

#include "common/err.h"

enum { NAME_BYTES_MAX = 255 }; /* a folder has this name */

/* All of these: 0, or -EINVAL with the whole sentence. */
int name_check(const char *name, struct err *e) MUST_CHECK;   /* of a volume */
int id_check(const char *id, struct err *e) MUST_CHECK;       /* of a mount */
int target_check(const char *path, struct err *e) MUST_CHECK; /* where a volume shall be mounted: absolute, not "/", no "." or ".." in it */
int device_check(const char *device, struct err *e) MUST_CHECK; /* what mount(8) would take for an option */

/* "" stands for efs. */
bool volume_type_is_known(const char *type);

/* As Go prints time.RFC3339Nano: 2026-01-02T03:04:05.678Z or …+01:00. dockerd refuses a volume whose time is none. */
bool is_time(const char *text);

#endif
