#include "netconf/rtnl.h" /* <net/if.h> before the kernel's own headers */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netconf/netlink.h"

enum { LO = 1 }; /* the loopback interface is the first of every network namespace */

#define TASK_ADDRESS "169.254.170.2"

struct link {
	int         index, master;
	bool        inside; /* can only lead to a container or a machine of this host */
	bool        bridge;
	struct view name;
};

static int list(uint16_t type, const void *header, size_t len, struct buf *ret)
{
	struct nl_request rq;

	nl_begin(&rq, type, NLM_F_DUMP, header, len);
	return nl_ask(NETLINK_ROUTE, &rq, rq.head.nlmsg_len, ret);
}

/* The next message of this type, its header of len bytes copied out. */
static bool next(struct view *rest, uint16_t type, void *header, size_t len, struct view *attributes)
{
	struct nlmsghdr head;
	struct view body;

	while (nl_next(rest, &head, &body)) {
		if (head.nlmsg_type != type || body.len < len)
			continue;
		memcpy(header, body.p, len);
		len = NLMSG_ALIGN(len) < body.len ? NLMSG_ALIGN(len) : body.len;
		*attributes = (struct view) { body.p + len, body.len - len };
		return true;
	}
	return false;
}

static bool next_link(struct view *rest, struct link *ret)
{
	struct view attributes, value, kind;
	struct ifinfomsg info;

	if (!next(rest, RTM_NEWLINK, &info, sizeof info, &attributes))
		return false;
	*ret = (struct link) { .index = info.ifi_index };
	if (nl_find(attributes, IFLA_IFNAME, &value))
		ret->name = nl_text(value);
	if (nl_find(attributes, IFLA_MASTER, &value))
		ret->master = (int) nl_u32(value);
	if (nl_find(attributes, IFLA_LINKINFO, &value) && nl_find(value, IFLA_INFO_KIND, &kind)) {
		kind = nl_text(kind);
		ret->inside = view_is(kind, "veth") || view_is(kind, "tun") || view_is(kind, "dummy");
		ret->bridge = view_is(kind, "bridge");
	}
	return true;
}

static bool leads_outside(struct view answer, int bridge)
{
	struct link port;

	while (next_link(&answer, &port))
		if (port.master == bridge && !port.inside)
			return true;
	return false;
}

void rtnl_read_bridges(struct view answer, struct rtnl_bridges *ret)
{
	struct view rest = answer;
	struct link link;

	ret->n = 0;
	while (ret->n < RTNL_BRIDGES_MAX && next_link(&rest, &link))
		if (link.bridge && link.name.len > 0 && link.name.len < IF_NAMESIZE && !leads_outside(answer, link.index))
			snprintf(ret->name[ret->n++], IF_NAMESIZE, "%.*s", VIEW_ARG(link.name, link.name.len));
}

int rtnl_bridges(struct rtnl_bridges *ret, struct err *e)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	AUTO_BUF answer = { .limit = 0 };
	int r = list(RTM_GETLINK, &info, sizeof info, &answer);

	if (r < 0)
		return err_set(e, r, "list interfaces");
	rtnl_read_bridges(buf_view(&answer), ret);
	return 0;
}

static struct in_addr task_address(void)
{
	return (struct in_addr) { inet_addr(TASK_ADDRESS) };
}

enum rtnl_route rtnl_read_route(struct view answer)
{
	struct view attributes, out;
	struct rtmsg route;

	if (!next(&answer, RTM_NEWROUTE, &route, sizeof route, &attributes))
		return RTNL_ROUTE_NONE;
	if (route.rtm_dst_len == 32 && route.rtm_type == RTN_UNICAST && nl_find(attributes, RTA_OIF, &out) && nl_u32(out) == LO)
		return RTNL_ROUTE_LO;
	return RTNL_ROUTE_OTHER;
}

int rtnl_task_route(enum rtnl_route *ret, struct err *e)
{
	/* Kernels before 4.13 pass over the flag, and answer with a route of 32 bits over whatever interface. */
	struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = RTM_F_FIB_MATCH };
	struct in_addr address = task_address();
	AUTO_BUF answer = { .limit = 0 };
	struct nl_request rq;
	int r;

	nl_begin(&rq, RTM_GETROUTE, NLM_F_ACK, &route, sizeof route);
	nl_add(&rq, RTA_DST, &address, sizeof address);
	r = nl_ask(NETLINK_ROUTE, &rq, rq.head.nlmsg_len, &answer);
	*ret = RTNL_ROUTE_NONE;
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EINVAL || r == -EACCES) /* no route, or one that says no */
		return 0;
	if (r < 0)
		return err_set(e, r, "look up route to " TASK_ADDRESS);
	*ret = rtnl_read_route(buf_view(&answer));
	return 0;
}

static int change(uint16_t type, uint16_t flags)
{
	struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST };
	struct in_addr address = task_address();
	struct nl_request rq;
	uint32_t lo = LO;

	nl_begin(&rq, type, (uint16_t) (NLM_F_ACK | flags), &route, sizeof route);
	nl_add(&rq, RTA_DST, &address, sizeof address);
	nl_add(&rq, RTA_OIF, &lo, sizeof lo);
	return nl_ask(NETLINK_ROUTE, &rq, rq.head.nlmsg_len, NULL);
}

int rtnl_task_route_add(struct err *e)
{
	int r = change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	return r == -EEXIST ? RTNL_SAME : r < 0 ? err_set(e, r, "add route " TASK_ADDRESS " dev lo") : 0;
}

int rtnl_task_route_remove(struct err *e)
{
	int r = change(RTM_DELROUTE, 0);

	return r == -ESRCH ? RTNL_SAME : r < 0 ? err_set(e, r, "delete route " TASK_ADDRESS " dev lo") : 0;
}
