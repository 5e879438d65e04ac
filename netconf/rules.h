/* The kernel rules that a container instance needs, as one constant table. Pure: nothing here asks the system. */
#ifndef NETCONF_RULES_H
#define NETCONF_RULES_H

#include <stdbool.h>
#include <stddef.h>

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

/* What the rules depend on. */
struct netconf {
	const char *bridge; /* Docker's default bridge, valid by bridge_name_ok(); NULL: there is none. Not owned. */
	bool        skip_localhost_filter;       /* ECS_SKIP_LOCALHOST_TRAFFIC_FILTER */
	bool        allow_offhost_introspection; /* ECS_ALLOW_OFFHOST_INTROSPECTION_ACCESS */
	bool        no_task_roles;               /* taskRoles.enabled is false */
	bool        block_instance_metadata;     /* taskRoles.blockInstanceMetadata */
};

/*
 * All our rules stand in chains of our own. With iptables one jump leads from the kernel's chain `hook` of the table into
 * each; with nftables all stand in the one table NFT_TABLE of the family, and each is hooked into the kernel by itself.
 */
enum own_chain { OWN_INPUT, OWN_FORWARD, OWN_PREROUTING, OWN_OUTPUT, OWN_CHAINS };

#define NFT_TABLE "ecs-bootstrap"

struct chain {
	const char *table, *name, *hook;
	bool        first; /* the jump goes before the rules that are there, otherwise behind them */
	const char *base;  /* how nft says where it is hooked in */
};

extern const struct chain own_chains[OWN_CHAINS];

enum { CHAIN_RULES_MAX = 6, RULE_TEXT_MAX = 160 };

enum words {
	WORDS_IPTABLES, /* as iptables-save prints them */
	WORDS_NFT,      /* as `nft list` prints them */
	WORDS_FOREIGN,  /* nft's words too: what somebody else's chain that denies must accept; under OWN_INPUT */
};

/* The wanted rules of one family, in their order. All zero: nothing is wanted. */
struct wanted {
	struct wanted_chain {
		size_t n; /* 0: the chain itself is not wanted */
		char   rule[CHAIN_RULES_MAX][RULE_TEXT_MAX];
	} chain[OWN_CHAINS];
};

void rules_wanted(const struct netconf *nc, enum family family, enum words words, struct wanted *ret);

const char *family_name(enum family family); /* "IPv4", "IPv6" */

/* A name that the kernel takes for an interface and iptables-restore for one word, without a wildcard. */
bool bridge_name_ok(const char *name);

#endif
