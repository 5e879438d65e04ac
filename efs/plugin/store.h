/* The plugin's memory from one start to the next: the state file, held against what is mounted. */
#ifndef EFS_PLUGIN_STORE_H
#define EFS_PLUGIN_STORE_H

#include "common/err.h"
#include "efs/plugin/volumes.h"

#define PATH_PLUGIN_STATE_DIR "/var/lib/ecs/data"
#define PATH_PLUGIN_STATE     PATH_PLUGIN_STATE_DIR "/ecs_volume_plugin.json"

/*
 * Reads the state file and mountinfo into *ret, which is empty; logs what is not as it was left. A damaged file is moved
 * aside (.corrupt-TIME) and what is mounted below real (of place_open) makes up for what it lacked. Negative: the
 * file can neither be read nor moved.
 */
int store_load(int root, const char *real, struct volumes *ret, struct err *e) MUST_CHECK;

/* Now, as Go's RFC3339Nano prints local time. */
enum { TIME_SIZE = 40 };
void store_time(char ret[TIME_SIZE]);

#endif
