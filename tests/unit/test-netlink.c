#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "netconf/netlink.h"
#include "netconf/nfnl.h"
#include "netconf/rtnl.h"
#include "tests/unit/test.h"

static void append(struct buf *to, const struct nl_request *rq)
{
	assert_int_equal(buf_add(to, rq, NLMSG_ALIGN(rq->head.nlmsg_len)), 0);
}

/* An attribute that holds one other. */
static void add_nested(struct nl_request *rq, uint16_t outer, uint16_t inner, const void *data, uint16_t len)
{
	char both[64];
	struct nlattr a = { .nla_type = inner, .nla_len = (uint16_t) (NLA_HDRLEN + len) };

	memcpy(both, &a, sizeof a);
	memcpy(both + NLA_HDRLEN, data, len);
	nl_add(rq, (uint16_t) (outer | NLA_F_NESTED), both, NLA_ALIGN(a.nla_len));
}

static void link_add(struct buf *to, int index, const char *name, const char *kind, uint32_t master)
{
	struct ifinfomsg info = { .ifi_index = index };
	struct nl_request rq;

	nl_begin(&rq, RTM_NEWLINK, 0, &info, sizeof info);
	nl_add_text(&rq, IFLA_IFNAME, name);
	if (master)
		nl_add(&rq, IFLA_MASTER, &master, sizeof master);
	if (kind)
		add_nested(&rq, IFLA_LINKINFO, IFLA_INFO_KIND, kind, (uint16_t) (strlen(kind) + 1));
	append(to, &rq);
}

static void test_bridges(void **state)
{
	static struct rtnl_bridges b;
	AUTO_BUF answer = { .limit = 0 };

	(void) state;
	link_add(&answer, 1, "lo", NULL, 0);
	link_add(&answer, 2, "eth0", NULL, 5);
	link_add(&answer, 3, "docker0", "bridge", 0);
	link_add(&answer, 4, "veth1", "veth", 3);
	link_add(&answer, 5, "br0", "bridge", 0); /* the LAN */
	link_add(&answer, 6, "ecs-bridge", "bridge", 0);
	link_add(&answer, 7, "lan2", "bridge", 0);
	link_add(&answer, 8, "bond0", "bond", 7);
	rtnl_read_bridges(buf_view(&answer), &b);
	assert_int_equal(b.n, 2);
	assert_string_equal(b.name[0], "docker0");
	assert_string_equal(b.name[1], "ecs-bridge");
	for (size_t len = 0; len < answer.len; len++) /* cut short anywhere */
		rtnl_read_bridges((struct view) { answer.p, len }, &b);
}

static void test_routes(void **state)
{
	struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_type = RTN_UNICAST };
	uint32_t lo = 1, eth = 2;
	struct nl_request rq;

	(void) state;
	nl_begin(&rq, RTM_NEWROUTE, 0, &route, sizeof route);
	nl_add(&rq, RTA_OIF, &lo, sizeof lo);
	assert_int_equal(rtnl_read_route((struct view) { rq.bytes, rq.head.nlmsg_len }), RTNL_ROUTE_LO);
	nl_begin(&rq, RTM_NEWROUTE, 0, &route, sizeof route);
	nl_add(&rq, RTA_OIF, &eth, sizeof eth);
	assert_int_equal(rtnl_read_route((struct view) { rq.bytes, rq.head.nlmsg_len }), RTNL_ROUTE_OTHER);
	assert_int_equal(rtnl_read_route((struct view) { "", 0 }), RTNL_ROUTE_NONE);
}

static void chain_add(struct buf *to, uint8_t family, const char *table, uint32_t hook, uint32_t policy)
{
	struct nfgenmsg head = { .nfgen_family = family };
	uint32_t number = htonl(hook), verdict = htonl(policy);
	struct nl_request rq;

	nl_begin(&rq, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, 0, &head, sizeof head);
	nl_add_text(&rq, NFTA_CHAIN_TABLE, table);
	nl_add_text(&rq, NFTA_CHAIN_NAME, "c");
	add_nested(&rq, NFTA_CHAIN_HOOK, NFTA_HOOK_HOOKNUM, &number, sizeof number);
	nl_add(&rq, NFTA_CHAIN_POLICY, &verdict, sizeof verdict);
	append(to, &rq);
}

static void test_input_chains(void **state)
{
	static struct nfnl_inputs in;
	AUTO_BUF answer = { .limit = 0 };

	(void) state;
	chain_add(&answer, NFPROTO_INET, "mine", NF_INET_LOCAL_IN, NF_DROP);
	chain_add(&answer, NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_DROP);
	chain_add(&answer, NFPROTO_BRIDGE, "bridge", NF_INET_LOCAL_IN, NF_DROP);
	chain_add(&answer, NFPROTO_IPV6, "six", NF_INET_LOCAL_IN, NF_ACCEPT);
	nfnl_read_inputs(buf_view(&answer), &in);
	assert_int_equal(in.n, 2);
	assert_string_equal(in.of[0].family, "inet");
	assert_string_equal(in.of[0].table, "mine");
	assert_string_equal(in.of[0].chain, "c");
	assert_true(in.of[0].drops);
	assert_string_equal(in.of[1].family, "ip6");
	assert_false(in.of[1].drops);
	for (size_t len = 0; len < answer.len; len++)
		nfnl_read_inputs((struct view) { answer.p, len }, &in);
}

static void test_attribute_that_does_not_fit(void **state)
{
	struct nl_request rq;
	static const char much[NETLINK_REQUEST_MAX];

	(void) state;
	nl_begin(&rq, 1, 0, "", 0);
	nl_add(&rq, 1, much, sizeof much);
	assert_int_equal(rq.head.nlmsg_len, NLMSG_HDRLEN);
}

static void test_kernel_answers(void **state)
{
	enum rtnl_route route;
	static struct rtnl_bridges b;
	struct err e;

	(void) state;
	assert_int_equal(rtnl_bridges(&b, &e), 0); /* needs no privileges */
	assert_int_equal(rtnl_task_route(&route, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_bridges), TEST(test_routes), TEST(test_input_chains),
					    TEST(test_attribute_that_does_not_fit), TEST(test_kernel_answers) };

	return RUN("netlink", tests);
}
