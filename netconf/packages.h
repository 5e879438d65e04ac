/* Which package ships what is missing, in the names of the host's distribution, and the one thing else that depends on it. */
#ifndef NETCONF_PACKAGES_H
#define NETCONF_PACKAGES_H

#include <stdbool.h>

#include "common/view.h"

struct packages {
	const char *iptables;   /* iptables-restore and its kin */
	const char *extensions; /* libxt_*.so */
	const char *nftables;   /* libnftables.so.1 */
	const char *kmod;       /* modprobe */
	bool        old_systemd;  /* systemd-sysctl of before version 244 understands neither patterns nor '-' */
	char        modules[128]; /* netfilter modules that are not in every kernel package */
};

/* By /etc/os-release below root; a family that is not known gets the names that most have. release: uname -r. */
void packages_find(int root, const char *release, struct packages *ret);

/* The same by that file's text. Pure. */
void packages_of(struct view os_release, const char *release, struct packages *ret);

#endif
