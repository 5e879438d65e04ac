/* Asks libxtables and the kernel whether the rules can be made at all, before anything is changed. */
#ifndef NETCONF_XTABLES_H
#define NETCONF_XTABLES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/err.h"
#include "netconf/packages.h"
#include "netconf/rules.h"

/*
 * 0 if each match and target of the wanted rules has its extension of iptables and its part of the kernel. Otherwise
 * the first one that lacks something is named. What cannot be found out counts as there: iptables-restore has the last
 * word. A family whose entry is NULL is not asked about.
 */
int xtables_check(const struct wanted *const wanted[FAMILIES], const struct packages *packages, struct err *e) MUST_CHECK;

/* What the folder of libxtables' extensions is like now: its times change when one comes, goes or is replaced. False: not known. */
bool xtables_folder(struct stat *ret);

#endif
