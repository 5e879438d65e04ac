/* Which kernel settings are wanted. Pure. */
#ifndef NETCONF_SYSCTL_WANTED_H
#define NETCONF_SYSCTL_WANTED_H

#include "netconf/sysctl.h"

enum { SYSCTL_KEY_MAX = 96, SYSCTLS_MAX = 2 * (RTNL_BRIDGES_MAX + 4) };

struct sysctl {
	char        key[SYSCTL_KEY_MAX]; /* below /proc/sys */
	const char *value;
};

struct sysctls_wanted {
	size_t        n;
	struct sysctl of[SYSCTLS_MAX];
};

/*
 * narrow: somebody sets the keys of bridges that come later, so route_localnet is for bridges alone; else it must be for
 * all interfaces.
 */
void sysctls_wanted(const struct sysctls *s, bool narrow, struct sysctls_wanted *ret);

/* Appends the text of SYSCTL_LATER. 0 or as buf_add(). */
int sysctls_render_later(const struct sysctls *s, struct buf *out) MUST_CHECK;

#endif
