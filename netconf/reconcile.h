/* Wanted rules against those that are there. Pure. */
#ifndef NETCONF_RECONCILE_H
#define NETCONF_RECONCILE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/view.h"
#include "netconf/rules.h"

struct chain_state {
	bool     wanted, present;
	bool     same;   /* holds the wanted rules in their order and nothing else */
	unsigned jumps;  /* plain jumps from its hook: one is right */
	unsigned strays; /* other rules that lead into it: from elsewhere, with a condition, by -g */
};

struct state {
	struct chain_state chain[OWN_CHAINS];
	struct view        unreadable; /* a table of ours that iptables cannot print; empty: none. Points into saved. */
};

/* saved: what iptables-save printed. */
void reconcile(const struct wanted *wanted, struct view saved, struct state *ret);

bool chain_right(const struct chain_state *c);
bool jump_right(const struct chain_state *c);
bool state_right(const struct state *s);

/* The own chain of this table and name, or OWN_CHAINS. */
enum own_chain own_chain_find(struct view table, struct view name);

/* Appends one line for each thing that is missing or too much. 0 or as buf_add(). */
int state_report(const struct wanted *wanted, const struct state *s, struct view saved, enum family family,
		 struct buf *out) MUST_CHECK;

#endif
