#include "netconf/rtnl.h"

#include "common/file.h"
#include "netconf/route.h"

/* The note comes first: a route that nobody remembers would stay for ever, a note without a route does no harm. */
static int make(int root, struct err *e)
{
	int r = file_replace(root, ROUTE_STATE, "made\n", 5, 0644, e);

	if (r >= 0)
		r = rtnl_task_route_add(e);
	return r < 0 ? r : ROUTE_CHANGED;
}

int route_apply(int root, bool wanted, struct err *e)
{
	enum rtnl_route now;
	int r;

	if (!wanted)
		return route_remove(root, e);
	r = rtnl_task_route(&now, e);
	return r < 0 || now != RTNL_ROUTE_NONE ? r : make(root, e);
}

int route_remove(int root, struct err *e)
{
	int r, gone;

	if (!file_exists(root, ROUTE_STATE))
		return 0;
	r = rtnl_task_route_remove(e);
	if (r < 0)
		return r;
	gone = file_remove(root, ROUTE_STATE, e);
	return gone < 0 ? gone : r == RTNL_SAME ? 0 : ROUTE_CHANGED;
}

static int say_missing(bool wanted, const char *text, struct buf *out, struct err *e)
{
	enum rtnl_route now = RTNL_ROUTE_OTHER;
	int r = wanted ? rtnl_task_route(&now, e) : 0;

	if (r < 0 || now != RTNL_ROUTE_NONE)
		return r;
	r = buf_printf(out, "%s 169.254.170.2/32 dev lo scope link\n", text);
	return r < 0 ? err_set(e, r, "report route") : 0;
}

int route_report(bool wanted, struct buf *out, struct err *e)
{
	return say_missing(wanted, "route: missing:", out, e);
}

int route_show(bool wanted, struct buf *out, struct err *e)
{
	return say_missing(wanted, "# ip route add", out, e);
}
