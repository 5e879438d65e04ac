/* The kernel settings that go with the rules, and what they were before. */
#ifndef NETCONF_SYSCTL_H
#define NETCONF_SYSCTL_H

#include "common/buf.h"
#include "common/err.h"
#include "common/paths.h"
#include "netconf/rtnl.h"

/* Where the values from before the first apply are kept, as sysctl(8) could read them: KEY=VALUE, '/' in the keys. */
#define SYSCTL_STATE PATH_NETCONF_STATE

/* What udev sets on interfaces that come later, by systemd-sysctl(8). */
#define SYSCTL_LATER "/run/sysctl.d/90-ecs-netconf.conf"

enum { SYSCTL_CHANGED = 1 };

struct sysctls {
	int         root, proc; /* stand for "/": for our own files, and for /proc/sys and udev's socket */
	const char *bridge;     /* Docker's default one; NULL: none */
	bool        no_task_roles;
	bool        old_systemd; /* packages.h */
	struct rtnl_bridges bridges; /* those that are there */
};

/* 0: all were right, SYSCTL_CHANGED: some were set. A key that the kernel does not have (no bridge yet) is left out. */
int sysctls_apply(const struct sysctls *s, struct err *e) MUST_CHECK;

/* Puts back what was there before the first apply, and forgets it. */
int sysctls_remove(const struct sysctls *s, struct err *e) MUST_CHECK;

/* Appends one line for each that is not as wanted. */
int sysctls_report(const struct sysctls *s, struct buf *out, struct err *e) MUST_CHECK;

/* Appends "# sysctl -w KEY=VALUE" for each. 0 or as buf_add(). */
int sysctls_show(const struct sysctls *s, struct buf *out) MUST_CHECK;

#endif
