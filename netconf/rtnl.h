/* Links and routes over rtnetlink. */
#ifndef NETCONF_RTNL_H
#define NETCONF_RTNL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "common/err.h"
#include "common/view.h"

enum { RTNL_BRIDGES_MAX = 256 };

/* Bridges that lead to containers and machines of this host alone: nothing but veth, tun and dummy devices on them. */
struct rtnl_bridges {
	size_t n;
	char   name[RTNL_BRIDGES_MAX][IF_NAMESIZE];
};

int rtnl_bridges(struct rtnl_bridges *ret, struct err *e) MUST_CHECK;

/* The same from the kernel's answer to the question for all links. Pure. */
void rtnl_read_bridges(struct view answer, struct rtnl_bridges *ret);

/* How packets of this host find 169.254.170.2, before any of them is redirected. */
enum rtnl_route {
	RTNL_ROUTE_NONE,  /* not at all: connect() fails */
	RTNL_ROUTE_LO,    /* by a route to it alone over lo, such as rtnl_task_route_add() makes */
	RTNL_ROUTE_OTHER, /* by another one, most often the default route */
};

/* 0 or negative. */
int rtnl_task_route(enum rtnl_route *ret, struct err *e) MUST_CHECK;
enum rtnl_route rtnl_read_route(struct view answer); /* the same from the kernel's answer; pure */

enum { RTNL_SAME = 1 };

/* The route 169.254.170.2/32 dev lo scope link. RTNL_SAME: it was there, or was not, already. */
int rtnl_task_route_add(struct err *e) MUST_CHECK;
int rtnl_task_route_remove(struct err *e) MUST_CHECK;

#endif
