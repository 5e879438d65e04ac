/* Which of the two ways to make the rules is in force here, and what both are given. */
#ifndef NETCONF_BACKEND_H
#define NETCONF_BACKEND_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "netconf/packages.h"
#include "netconf/rules.h"

enum backend { BACKEND_AUTO, BACKEND_IPTABLES, BACKEND_NFTABLES };

/*
 * notes: lines for the log, of what was done or left out. The caller's, as the rest.
 * root stands for "/" in our own files.
 */
struct plan {
	struct netconf  nc;
	enum backend    wish;
	bool            ipv6; /* the kernel runs with IPv6 */
	int             root;
	struct packages packages;
	struct buf     *notes;
};

/*
 * Never BACKEND_AUTO: iptables where it is installed, else nftables, unless the setting says which. Whether libnftables is
 * there shows only when it is needed.
 */
int backend_choose(const struct plan *p, enum backend *ret, struct err *e) MUST_CHECK;

const char *backend_name(enum backend b); /* "iptables (nft)" and the like, for the host as it is now */

/* Makes the rules right by the backend in force, then takes those of the other one away. */
int backend_apply(const struct plan *p, struct err *e) MUST_CHECK;

/* Takes the rules of both backends away; goes on after a failure and returns the first. */
int backend_remove(const struct plan *p, struct err *e) MUST_CHECK;

/* Appends one line for each thing that differs. */
int backend_report(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;

/* Appends the rules as input for the host's own tool, iptables-restore or nft. Needs neither privileges nor the tool. */
int backend_show(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;

#endif
