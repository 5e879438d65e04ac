/* The rules of one family: read, compare, change. */
#ifndef NETCONF_RULESET_H
#define NETCONF_RULESET_H

#include "common/buf.h"
#include "common/err.h"
#include "netconf/reconcile.h"
#include "netconf/rules.h"

enum { RULESET_ABSENT = 1, RULESET_TRIED = 1 << 16 };

struct ruleset {
	enum family   family;
	struct wanted wanted; /* all zero: none of ours shall be there */
	struct buf    saved;
	struct state  state;
	bool          assumed; /* iptables cannot read a table: our chains are all there, what is in them is not known */
};

void ruleset_done(struct ruleset *r);
#define AUTO_RULESET CLEANUP(ruleset_done) struct ruleset

/* family and wanted are set by the caller. RULESET_ABSENT: the host has no iptables for this family. */
int ruleset_read(struct ruleset *r, struct err *e) MUST_CHECK;

/*
 * After ruleset_read(): makes the rules as wanted, all of a table or none. Somebody else may change them meanwhile, so
 * a refusal is followed by a fresh look, a few times. 0: nothing to do, or somebody else did it. Negative, or how many
 * tables were changed, each in a transaction of its own; RULESET_TRIED or more where one attempt was not enough.
 */
int ruleset_change(struct ruleset *r, struct err *e) MUST_CHECK;

#endif
