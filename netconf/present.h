/* Reads what iptables-save prints. Pure; all views point into that text and live as long as it does. */
#ifndef NETCONF_PRESENT_H
#define NETCONF_PRESENT_H

#include <stdbool.h>

#include "common/view.h"

enum present_kind {
	PRESENT_END,
	PRESENT_CHAIN,      /* ":CHAIN POLICY" */
	PRESENT_RULE,       /* "-A CHAIN TEXT" */
	PRESENT_UNREADABLE, /* a table with nf_tables rules that iptables cannot print: what is in it is not known */
};

struct present {
	struct view rest;  /* start: the whole text */
	struct view table; /* start: empty */
};

struct present_line {
	struct view table, chain, text; /* text: the rule without "-A CHAIN" */
};

/* Goes on to the next chain, rule or unreadable table. Lines that mean nothing here are passed over. */
enum present_kind present_next(struct present *at, struct present_line *line);

/* Cuts the next word off a rule. What stands in double quotes is one word, with its quotes. Empty at the end. */
struct view rule_word(struct view *rest);

/* Same words in the same order. */
bool rule_same(struct view a, struct view b);

/* The chain or extension after -j or -g; empty if the rule has none. */
struct view rule_target(struct view rule);

#endif
