/*
 * The older kind of iptables tells nobody when its tables change. Where rules of ours stand in such tables, one
 * getsockopt(2) for each says how many entries it has, how large it is and where its chains begin: a rule or chain that
 * comes or goes changes that. A rule that is replaced by another of the same size in the same place does not.
 */
#ifndef INIT_RULES_LEGACY_H
#define INIT_RULES_LEGACY_H

#include <stdbool.h>

struct rules_legacy;

/* NULL if there is no memory or no right to ask (CAP_NET_ADMIN): such tables are then taken for absent. */
struct rules_legacy *rules_legacy_new(void);
void rules_legacy_freep(struct rules_legacy **l);

/*
 * Finds the tables that hold chains of ours and remembers how they look now. Once found, a table stays watched until a
 * look with `right` (all our rules are there) finds nothing of ours in it. True: there are such tables.
 */
bool rules_legacy_look(struct rules_legacy *l, bool right);

/* True if a watched table is not as it was at the last look. One system call for each. */
bool rules_legacy_changed(const struct rules_legacy *l);

#endif
