/* The host's own iptables-save and iptables-restore: whichever backend they are made for is the right one. */
#ifndef NETCONF_IPTABLES_H
#define NETCONF_IPTABLES_H

#include "common/buf.h"
#include "common/err.h"
#include "netconf/rules.h"

enum { IPTABLES_ABSENT = 1, IPTABLES_SAVED_MAX = 16 << 20 };

/* What the host's tools for a family work with. */
enum iptables_kind {
	IPTABLES_NONE,    /* not installed */
	IPTABLES_NFT,     /* nf_tables */
	IPTABLES_LEGACY,  /* the older ip_tables */
	IPTABLES_UNKNOWN, /* they are there, and their name does not say */
};

/* By where the name leads that PATH has: all since 1.8.0 are links to xtables-nft-multi or xtables-legacy-multi. No child. */
enum iptables_kind iptables_kind(enum family family);

/* For hosts of the older kind: the kernel has none of the tables in which our chains stand. Reading a table would make it. */
bool iptables_legacy_unused(enum family family);

/* Appends all rules of the family to *out (one child). IPTABLES_ABSENT if the tool is not installed. */
int iptables_save(enum family family, struct buf *out, struct err *e) MUST_CHECK;

/* Adds to the rules that are there (one child). If anybody else holds the lock of xtables, waits 10 s for it: -EBUSY. */
int iptables_restore(enum family family, struct view input, struct err *e) MUST_CHECK;

#endif
