/* From the difference between wanted and present rules to input for `iptables-restore --noflush`. Pure. */
#ifndef NETCONF_RENDER_H
#define NETCONF_RENDER_H

#include "common/buf.h"
#include "netconf/reconcile.h"

/*
 * Appends what makes the rules as wanted (with an empty wanted: what takes them away), nothing if they are so already.
 * Each table is one transaction. 0 or as buf_add().
 */
int render_changes(const struct wanted *wanted, const struct state *s, struct view saved, struct buf *out) MUST_CHECK;

#endif
