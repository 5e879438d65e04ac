/* What we know of the keys of Docker's daemon.json (20.10 to 29) without asking Docker. */
#ifndef BOOTSTRAP_DAEMON_KEYS_H
#define BOOTSTRAP_DAEMON_KEYS_H

#include <stdbool.h>

#include "common/json.h"

/*
 * Whether dockerd would take the section `docker`, as far as types tell. unknown_is_wrong: names that are not in our table are
 * refused too, with the nearest known one; for when no dockerd can be asked that knows its own. Pure. 0 or -EINVAL.
 */
int daemon_keys_check(struct json_object *value, bool unknown_is_wrong, struct err *e) MUST_CHECK;

#endif
