#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

#include "common/attr.h"
#include "init/rules-news.h"

/* Since Linux 6.3; not in the headers of older systems. */
enum { DESTROY_TABLE = 26, DESTROY_CHAIN = 27, DESTROY_RULE = 28 };

enum { MESSAGES_MAX = 4096, ATTRIBUTES_MAX = 64 };

/* The first n bytes of *rest, aligned as netlink does it: what is left afterwards begins behind the padding. */
static struct view cut(struct view *rest, size_t n)
{
	struct view v = { rest->p, n };
	size_t step = NLMSG_ALIGN(n) < rest->len ? NLMSG_ALIGN(n) : rest->len;

	rest->p += step;
	rest->len -= step;
	return v;
}

/* The payload of the attribute; empty if it is not there. A nonsensical length ends the search. */
static struct view attribute(struct view rest, unsigned type)
{
	struct nlattr a;

	for (int i = 0; i < ATTRIBUTES_MAX && rest.len >= sizeof a; i++) {
		struct view one;

		memcpy(&a, rest.p, sizeof a);
		if (a.nla_len < sizeof a || a.nla_len > rest.len)
			break;
		one = cut(&rest, a.nla_len);
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return (struct view) { one.p + sizeof a, one.len - sizeof a };
	}
	return (struct view) { "", 0 };
}

/* Names come with their NUL. */
static struct view name_of(struct view attributes, unsigned type)
{
	struct view v = attribute(attributes, type);

	while (v.len > 0 && v.p[v.len - 1] == '\0')
		v.len--;
	return v;
}

/* The kernel's chains that jumps of ours may stand in, and Docker's for what others want to be asked first. */
static bool leads_to_us(struct view chain)
{
	static const char *const hooks[] = { "INPUT", "OUTPUT", "PREROUTING", "FORWARD", "DOCKER-USER" };

	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		if (view_is(chain, hooks[i]))
			return true;
	return view_starts(chain, "ECS-");
}

static bool is_ours(struct view table)
{
	return view_starts(table, "ecs") || view_starts(table, "ECS");
}

/* ip, ip6 and inet are the families that packets for us or for tasks pass. */
static bool is_ip(unsigned family)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_INET;
}

static bool concerns(unsigned type, unsigned family, struct view attributes)
{
	switch (type) {
	case NFT_MSG_DELTABLE:
	case DESTROY_TABLE:
		return is_ip(family);
	case NFT_MSG_NEWTABLE:
		return is_ours(name_of(attributes, NFTA_TABLE_NAME));
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_DELCHAIN:
	case DESTROY_CHAIN:
		return is_ip(family) && (leads_to_us(name_of(attributes, NFTA_CHAIN_NAME)) || is_ours(name_of(attributes, NFTA_CHAIN_TABLE)));
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE:
	case DESTROY_RULE:
		return is_ip(family) && (leads_to_us(name_of(attributes, NFTA_RULE_CHAIN)) || is_ours(name_of(attributes, NFTA_RULE_TABLE)));
	default:
		return false; /* sets, objects and flow tables: we have none */
	}
}

/* A new generation ends each transaction and says who made it. */
static void read_generation(struct view attributes, struct rules_news *n)
{
	struct view pid = attribute(attributes, NFTA_GEN_PROC_PID), name = name_of(attributes, NFTA_GEN_PROC_NAME);
	uint32_t number = 0;
	size_t len = 0;

	if (!n->open)
		return;
	n->open = false;
	if (pid.len == sizeof number)
		memcpy(&number, pid.p, sizeof number);
	n->pid = (int) (ntohl(number) & INT32_MAX);
	for (; len < name.len && len < sizeof n->name - 1; len++)
		n->name[len] = name.p[len] >= ' ' && name.p[len] <= '~' && name.p[len] != '\'' ? name.p[len] : '?';
	n->name[len] = '\0';
}

static void note_change(struct rules_news *n)
{
	n->concerns = true;
	n->open = true;
}

static void read_message(const struct nlmsghdr *h, struct view payload, struct rules_news *n)
{
	struct nfgenmsg g;
	unsigned type = NFNL_MSG_TYPE(h->nlmsg_type);

	if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return;
	if (payload.len < sizeof g) {
		note_change(n);
		return;
	}
	memcpy(&g, payload.p, sizeof g);
	(void) cut(&payload, sizeof g);
	if (type == NFT_MSG_NEWGEN)
		read_generation(payload, n);
	else if (concerns(type, g.nfgen_family, payload))
		note_change(n);
}

void rules_news_read(struct view datagram, struct rules_news *n)
{
	struct nlmsghdr h;

	for (int i = 0; datagram.len > 0; i++) {
		struct view one;

		if (datagram.len >= sizeof h)
			memcpy(&h, datagram.p, sizeof h);
		if (datagram.len < sizeof h || h.nlmsg_len < sizeof h || h.nlmsg_len > datagram.len || i == MESSAGES_MAX) {
			note_change(n);
			return;
		}
		one = cut(&datagram, h.nlmsg_len);
		read_message(&h, (struct view) { one.p + sizeof h, one.len - sizeof h }, n);
	}
}
