/*
 * `packages`, and what EFS needs: installed through the host's package manager, once for an instance id. `config` leaves
 * the list in a file; `ecs-bootstrap packages` works it off before Docker starts, or goes on after that.
 */
#ifndef BOOTSTRAP_PACKAGES_H
#define BOOTSTRAP_PACKAGES_H

#include "bootstrap/apply.h"

#define PATH_PACKAGES       "/run/ecs/packages.json"
#define PATH_PACKAGES_STATE "/var/lib/ecs/bootstrap/packages.json" /* instanceId, and what became of each package: state, cause */

/* Writes the list, the condition of the unit; takes that file away when there is none. 0, APPLY_SAME or negative. */
int packages_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

/* Adds "instanceId" where the metadata service serves. For a list that packages_run() reads. 0 or negative. */
int packages_name_instance(const struct apply *a, struct json_object *list, struct err *e) MUST_CHECK;

enum package_outcome {
	PACKAGE_EARLIER,  /* installed for this instance by an earlier run; nobody was asked */
	PACKAGE_THERE,    /* it was installed already */
	PACKAGE_NOW,      /* installed by this run */
	PACKAGE_WAITS,    /* not yet: why says the cause, and it is tried again */
	PACKAGE_GIVEN_UP, /* why says the cause */
};

struct packages {
	int      root;
	unsigned timeout_ms; /* for all of it */
	void (*tell)(void *ctx, const char *name, enum package_outcome outcome, const struct err *why); /* each time that changes */
	void    *ctx;
};

enum { PACKAGES_MAX = 64, PACKAGES_NOTHING = 1, PACKAGES_MISSING = 2 };

/* 0 all are installed, PACKAGES_NOTHING there is none to be, PACKAGES_MISSING some are not; or negative. Changes the environment. */
int packages_run(const struct packages *p, struct err *e) MUST_CHECK;

#endif
