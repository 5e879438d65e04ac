/*
 * Chains of others in nf_tables that deny what is for this host. An accept of ours in another chain does not help there:
 * a packet must pass all of them. So the accepts are put into each such chain, marked by a comment.
 */
#ifndef NETCONF_DENYING_H
#define NETCONF_DENYING_H

#include "netconf/backend.h"

enum { DENYING_CHANGED = 1 };

/*
 * in_force: with iptables, the chain INPUT of its own tables is left out, where ECS-INPUT does the same; so is firewalld's,
 * which accepts whatever was redirected and takes no rules of others. 0: all was right, DENYING_CHANGED (by one transaction), or negative.
 * Without libnftables, a line in the notes for each such chain.
 */
int denying_apply(const struct plan *p, enum backend in_force, struct err *e) MUST_CHECK;
int denying_remove(const struct plan *p, struct err *e) MUST_CHECK;
int denying_report(const struct plan *p, enum backend in_force, struct buf *out, struct err *e) MUST_CHECK;

/* Whether rules in this listing of a chain end with one that denies all that is left. Pure. */
bool denying_at_end(struct view listing);

/* Appends the commands that make a chain hold the wanted accepts and no other of ours, given its listing with handles. Pure. */
int denying_render(const char *family, const char *table, const char *chain, const struct wanted_chain *w,
		   struct view listing, struct buf *out) MUST_CHECK;

#endif
