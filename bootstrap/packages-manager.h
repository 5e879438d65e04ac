/* The host's package managers: how each is told what, and what its answers mean. Pure. */
#ifndef BOOTSTRAP_PACKAGES_MANAGER_H
#define BOOTSTRAP_PACKAGES_MANAGER_H

#include <stdbool.h>

#include "common/err.h"
#include "common/view.h"

/* Command lines are ended by NULL; names of packages come behind those of query and install. */
struct package_manager {
	const char        *name;
	const char        *families; /* ID or ID_LIKE of os-release, between blanks */
	const char *const *query;    /* which of these are installed, see package_is_listed() */
	const char *const *install;
	const char *const *refresh;  /* what there is to be had; NULL: install does it by itself */
	const char *const *repair;   /* after an installation that was cut off; NULL: nothing needed */
	const char        *nfs;      /* the NFS client's package */
};

/* there: whether a program can be run. The one of this distribution, else the first that is there; NULL: none. */
const struct package_manager *package_manager_find(struct view os_release, bool (*there)(void *ctx, const char *program), void *ctx);

/* What mounts EFS: efs-utils where the distribution has it, else the NFS client. */
const char *package_for_efs(const struct package_manager *m, struct view os_release);

/* Whether what the query printed lists name, which may be NAME, NAME=VERSION or NAME:ARCH, as installed. */
bool package_is_listed(struct view listed, const char *name);

enum package_verdict {
	PACKAGE_INSTALLED,
	PACKAGE_BUSY,        /* another one holds the lock */
	PACKAGE_UNREACHABLE, /* no mirror answers */
	PACKAGE_INTERRUPTED, /* repair it first */
	PACKAGE_UNKNOWN,     /* there is none of this name */
	PACKAGE_FAILED,
};

/* status: exit status; said: what it printed, both outputs. */
enum package_verdict package_judge(const struct package_manager *m, int status, struct view said);

/* The line of it that tells most about a failure. */
struct view package_cause(struct view said);

#endif
