/* /etc/ecs/netconf.conf, in which ecs-bootstrap writes what user data says of task roles; and the bridge of the last apply. */
#ifndef NETCONF_CONF_H
#define NETCONF_CONF_H

#include <net/if.h>

#include "common/paths.h"
#include "netconf/backend.h"

#define CONF_FILE   PATH_ECS_DIR "/netconf.conf"
#define CONF_BRIDGE PATH_RUN_DIR "/netconf.bridge"

/*
 * Sets nc.no_task_roles, nc.block_instance_metadata and wish in *p by the file below p->root; without it task roles are on
 * and metadata is not blocked. What cannot be read or understood keeps that, and is told by a line in *warnings. 0, -ENOMEM.
 */
int conf_load(struct plan *p, struct buf *warnings, struct err *e) MUST_CHECK;

/* The same from the file's text. Pure. */
int conf_read(struct view text, struct plan *p, struct buf *warnings) MUST_CHECK;

/* What the last apply was given: a name, or "none". false: nothing that could be one is kept. */
bool conf_bridge(int root, char ret[IF_NAMESIZE]);
int conf_keep_bridge(int root, const char *bridge, struct err *e) MUST_CHECK; /* NULL: none */

#endif
