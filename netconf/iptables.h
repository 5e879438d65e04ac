/* The host's own iptables-save and iptables-restore: whichever backend they are made for is the right one. */
#ifndef NETCONF_IPTABLES_H
#define NETCONF_IPTABLES_H

#include "common/buf.h"
#include "common/err.h"
#include "netconf/rules.h"

enum { IPTABLES_ABSENT = 1, IPTABLES_SAVED_MAX = 16 << 20 };

/* Appends all rules of the family to *out (one child). IPTABLES_ABSENT if the tool is not installed. */
int iptables_save(enum family family, struct buf *out, struct err *e) MUST_CHECK;

/* Adds to the rules that are there (one child). If anybody else holds the lock of xtables, waits 10 s for it. */
int iptables_restore(enum family family, struct view input, struct err *e) MUST_CHECK;

#endif
