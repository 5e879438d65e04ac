/* The section `docker`: its keys in Docker's daemon.json, under what stands there. */
#ifndef BOOTSTRAP_DAEMON_JSON_H
#define BOOTSTRAP_DAEMON_JSON_H

#include "bootstrap/apply.h"

#define PATH_DAEMON_JSON  "/etc/docker/daemon.json"
#define PATH_DAEMON_STATE "/var/lib/ecs/bootstrap/docker.json" /* what in it is ours, so that it can go again */

/*
 * Adds the keys that the file lacks; those that it has, win. What an earlier boot added and is not asked for any more
 * goes, unless somebody has changed it since. Refuses what Docker would refuse; the file is as it was then.
 * 0, APPLY_SAME or negative. Comes before Docker starts, which is not told.
 */
int daemon_json_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

/* The last line of what `dockerd --validate` said, without what says nothing about the cause. Pure. */
struct view daemon_json_cause(struct view said);

#endif
