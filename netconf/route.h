/* How a host without an IPv4 default route sends to 169.254.170.2: by a route of its own, made before it is redirected. */
#ifndef NETCONF_ROUTE_H
#define NETCONF_ROUTE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/paths.h"

/* Is there while the route is one that we made. */
#define ROUTE_STATE PATH_RUN_DIR "/netconf.route"

enum { ROUTE_CHANGED = 1 };

/*
 * wanted: task roles are on. The kernel looks for a route before it redirects; where it finds none, connect() fails. Where
 * it finds any, nothing is made; a route of ours stays once it is there. 0, ROUTE_CHANGED or negative.
 */
int route_apply(int root, bool wanted, struct err *e) MUST_CHECK;

/* Deletes the route if we made it. 0, ROUTE_CHANGED or negative. */
int route_remove(int root, struct err *e) MUST_CHECK;

int route_report(bool wanted, struct buf *out, struct err *e) MUST_CHECK;

/* Appends "# ip route add …" if it has to be made. */
int route_show(bool wanted, struct buf *out, struct err *e) MUST_CHECK;

#endif
