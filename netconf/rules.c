#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "common/attr.h"
#include "netconf/rules.h"

const struct chain own_chains[OWN_CHAINS] = {
	/* First: a rule that accepts everything may stand in INPUT, and behind it ours would never be asked. */
	[OWN_INPUT] = { "filter", "ECS-INPUT", "INPUT", .first = true },
	[OWN_PREROUTING] = { "nat", "ECS-PREROUTING", "PREROUTING", .first = false },
	[OWN_OUTPUT] = { "nat", "ECS-OUTPUT", "OUTPUT", .first = false },
};

enum { IPV4 = 1U << FAMILY_IPV4, IPV6 = 1U << FAMILY_IPV6 };

struct rule {
	enum own_chain chain;
	unsigned       families;
	bool (*wanted)(const struct netconf *nc);
	bool        on_bridge; /* begins with "-i BRIDGE" */
	const char *match, *target;
};

static bool always(const struct netconf *nc)
{
	(void) nc;
	return true;
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
 * outside to 127.0.0.1 needs route_localnet, which would open everything that listens on loopback to the neighbours
 * (CVE-2020-8558); the last INPUT rule closes that again for all but what was redirected or is an answer.
 * Each text is what iptables-save prints, word by word: that is how a rule is known again.
 */
static const struct rule rules[] = {
	{ OWN_INPUT, IPV4 | IPV6, introspection_for_bridge, .on_bridge = true,
	  .match = "-p tcp -m tcp --dport 51678", .target = "ACCEPT" },
	{ OWN_INPUT, IPV4 | IPV6, introspection_closed,
	  .match = "! -i lo -p tcp -m tcp --dport 51678", .target = "DROP" },
	{ OWN_INPUT, IPV4, localhost_filtered,
	  .match = "! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT",
	  .target = "DROP" },
	{ OWN_PREROUTING, IPV4, always,
	  .match = "-d 169.254.170.2/32 -p tcp -m tcp --dport 80", .target = "DNAT --to-destination 127.0.0.1:51679" },
	{ OWN_OUTPUT, IPV4, always,
	  .match = "-d 169.254.170.2/32 -p tcp -m tcp --dport 80", .target = "REDIRECT --to-ports 51679" },
};

void rules_wanted(const struct netconf *nc, enum family family, struct wanted *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct rule *r = &rules[i];
		struct wanted_chain *c = &ret->chain[r->chain];

		if (!(r->families & 1U << family) || !r->wanted(nc))
			continue;
		snprintf(c->rule[c->n++], RULE_TEXT_MAX, "%s%s%s%s -j %s", r->on_bridge ? "-i " : "",
			 r->on_bridge ? nc->bridge : "", r->on_bridge ? " " : "", r->match, r->target);
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
