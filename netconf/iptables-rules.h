/* The backend iptables: our chains in the tables of the host's own iptables and ip6tables. */
#ifndef NETCONF_IPTABLES_RULES_H
#define NETCONF_IPTABLES_RULES_H

#include "netconf/backend.h"

enum { RULES_CHANGED = 1 };

/* 0: all was right. RULES_CHANGED, or negative. All questions are asked before the first change. */
int iptables_rules_apply(const struct plan *p, struct err *e) MUST_CHECK;

/* 0 also if there is nothing to remove, or no iptables that could have made anything. */
int iptables_rules_remove(const struct plan *p, struct err *e) MUST_CHECK;

int iptables_rules_report(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;
int iptables_rules_show(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;

#endif
