#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "common/attr.h"
#include "netconf/rules.h"

/*
 * INPUT first: a rule that accepts or denies everything may stand there, and behind it ours would never be asked.
 * FORWARD in mangle: Docker puts rules that accept its bridges at the head of filter's FORWARD whenever it starts, and
 * what is accepted there never comes to a rule behind. Nobody accepts in mangle, and what is dropped there stays dropped.
 */
const struct chain own_chains[OWN_CHAINS] = {
	[OWN_INPUT] = { "filter", "ECS-INPUT", "INPUT", .first = true, "type filter hook input priority -5; policy accept;" },
	[OWN_FORWARD] = { "mangle", "ECS-FORWARD", "FORWARD", .first = true, "type filter hook forward priority -155; policy accept;" },
	[OWN_PREROUTING] = { "nat", "ECS-PREROUTING", "PREROUTING", .first = false, "type nat hook prerouting priority -105; policy accept;" },
	[OWN_OUTPUT] = { "nat", "ECS-OUTPUT", "OUTPUT", .first = false, "type nat hook output priority -105; policy accept;" },
};

enum { IPV4 = 1U << FAMILY_IPV4, IPV6 = 1U << FAMILY_IPV6 };

struct rule {
	enum own_chain chain;
	unsigned       families;
	bool (*wanted)(const struct netconf *nc);
	bool        on_bridge; /* begins with "-i BRIDGE" */
	const char *match, *target;
	const char *nft;     /* the same for nft. NULL here or for match: the other backend has no need of it */
	const char *foreign; /* NULL: not for chains of others */
};

static bool task_roles(const struct netconf *nc)
{
	return !nc->no_task_roles;
}

static bool metadata_blocked(const struct netconf *nc)
{
	return nc->block_instance_metadata;
}

static bool introspection_closed(const struct netconf *nc)
{
	return !nc->allow_offhost_introspection;
}

static bool introspection_for_bridge(const struct netconf *nc)
{
	return introspection_closed(nc) && nc->bridge;
}

static bool localhost_filtered(const struct netconf *nc)
{
	return !nc->skip_localhost_filter;
}

/*
 * The agent listens on 51678 (introspection) and on 127.0.0.1:51679 (credentials of tasks). Tasks know the second one
 * as 169.254.170.2:80: bridge and awsvpc tasks come in by PREROUTING, host tasks by OUTPUT. Sending packets from
 * outside to 127.0.0.1 needs route_localnet, which would open everything that listens on loopback to whoever sends by
 * that interface (CVE-2020-8558); the localhost filter closes that again for all but what was redirected or is an
 * answer. What was redirected to the agent is accepted behind it, for hosts whose own rules deny.
 * The metadata service is seen as forwarded only by containers: processes of the host send to it by OUTPUT.
 * Each text is what iptables-save or nft prints, word by word: that is how a rule is known again. nft's words for the
 * localhost filter are three rules, since each version of nft has its own for "neither this nor that".
 */
static const struct rule rules[] = {
	{ OWN_INPUT, IPV4 | IPV6, introspection_for_bridge, .on_bridge = true,
	  .match = "-p tcp -m tcp --dport 51678", .target = "ACCEPT", .nft = "tcp dport 51678 accept",
	  .foreign = "tcp dport 51678 accept" },
	{ OWN_INPUT, IPV4 | IPV6, introspection_closed,
	  .match = "! -i lo -p tcp -m tcp --dport 51678", .target = "DROP", .nft = "iifname != \"lo\" tcp dport 51678 drop" },
	{ OWN_INPUT, IPV4, localhost_filtered, .nft = "ct state established,related accept" },
	{ OWN_INPUT, IPV4, localhost_filtered, .nft = "ct status dnat accept" },
	{ OWN_INPUT, IPV4, localhost_filtered,
	  .match = "! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT",
	  .target = "DROP", .nft = "ip saddr != 127.0.0.0/8 ip daddr 127.0.0.0/8 drop" },
	{ OWN_INPUT, IPV4, task_roles,
	  .match = "-d 127.0.0.1/32 -p tcp -m tcp --dport 51679 -m conntrack --ctstate DNAT", .target = "ACCEPT",
	  .foreign = "ip daddr 127.0.0.1 tcp dport 51679 accept" },
	{ OWN_FORWARD, IPV4, metadata_blocked,
	  .match = "-d 169.254.169.254/32", .target = "DROP", .nft = "ip daddr 169.254.169.254 drop" },
	{ OWN_FORWARD, IPV6, metadata_blocked,
	  .match = "-d fd00:ec2::254/128", .target = "DROP", .nft = "ip6 daddr fd00:ec2::254 drop" },
	{ OWN_PREROUTING, IPV4, task_roles,
	  .match = "-d 169.254.170.2/32 -p tcp -m tcp --dport 80", .target = "DNAT --to-destination 127.0.0.1:51679",
	  .nft = "ip daddr 169.254.170.2 tcp dport 80 dnat to 127.0.0.1:51679" },
	{ OWN_OUTPUT, IPV4, task_roles,
	  .match = "-d 169.254.170.2/32 -p tcp -m tcp --dport 80", .target = "REDIRECT --to-ports 51679",
	  .nft = "ip daddr 169.254.170.2 tcp dport 80 redirect to :51679" },
};

static const char *match_of(const struct rule *r, enum words words)
{
	return words == WORDS_NFT ? r->nft : words == WORDS_FOREIGN ? r->foreign : r->match;
}

static void say(const struct rule *r, enum words words, const char *bridge, char ret[RULE_TEXT_MAX])
{
	bool iptables = words == WORDS_IPTABLES;
	char in[IFNAMSIZ + 16] = "";

	if (r->on_bridge)
		snprintf(in, sizeof in, iptables ? "-i %s " : "iifname \"%s\" ", bridge);
	snprintf(ret, RULE_TEXT_MAX, "%s%s%s%s", in, match_of(r, words), iptables ? " -j " : "", iptables ? r->target : "");
}

void rules_wanted(const struct netconf *nc, enum family family, enum words words, struct wanted *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct rule *r = &rules[i];
		struct wanted_chain *c = &ret->chain[r->chain];

		if (r->families & 1U << family && r->wanted(nc) && match_of(r, words))
			say(r, words, nc->bridge, c->rule[c->n++]);
	}
}

const char *family_name(enum family family)
{
	return family == FAMILY_IPV6 ? "IPv6" : "IPv4";
}

bool bridge_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:@";
	size_t len = strlen(name);

	return len > 0 && len < IFNAMSIZ && strspn(name, letters) == len && name[0] != '-' && name[0] != '.';
}
