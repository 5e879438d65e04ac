/* The section `taskRoles`: agent variables, and the file from which ecs-netconf learns what user data said. */
#ifndef BOOTSTRAP_TASK_ROLES_H
#define BOOTSTRAP_TASK_ROLES_H

#include "bootstrap/apply.h"

#define PATH_NETCONF_CONF "/etc/ecs/netconf.conf"

/* Without task roles the agent does not offer them; with metadata blocked it blocks it for awsvpc tasks as well. */
int task_roles_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e) MUST_CHECK;

/* Writes the file, or removes it if value is NULL. The next `ecs-netconf apply` does the rest. 0, APPLY_SAME or negative. */
int task_roles_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

#endif
