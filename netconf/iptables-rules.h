/* The backend iptables: our chains in the tables of the host's own iptables and ip6tables. */
#ifndef NETCONF_IPTABLES_RULES_H
#define NETCONF_IPTABLES_RULES_H

#include "netconf/backend.h"

/*
 * 0: all was right. Negative, or how many transactions of the kernel it took; RULESET_TRIED (ruleset.h) or more where the first
 * attempt did not succeed. All questions are asked before the first change.
 */
int iptables_rules_apply(const struct plan *p, struct err *e) MUST_CHECK;

/* 0 also if there is nothing to remove, or no iptables that could have made anything. */
int iptables_rules_remove(const struct plan *p, struct err *e) MUST_CHECK;

int iptables_rules_report(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;
int iptables_rules_show(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;

#endif
