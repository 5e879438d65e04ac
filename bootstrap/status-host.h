/* What `status` asks the running system: systemd, the agent, ecs-netconf; and the files of packages and mounts. */
#ifndef BOOTSTRAP_STATUS_HOST_H
#define BOOTSTRAP_STATUS_HOST_H

#include "bootstrap/status.h"

/*
 * Adds all of it to s. Each has a deadline of a few seconds; what cannot be asked is left out. root_name: as --root gave it,
 * NULL for "/"; a root where no systemd runs is not asked for what only a running system has.
 */
void status_look(int root, const char *root_name, struct status *s);

/* Reads what `systemctl show` prints of several units, with Id, LoadState, ActiveState, SubState, Result and StatusText. Pure. */
void status_read_units(struct view shown, struct status *s);

#endif
