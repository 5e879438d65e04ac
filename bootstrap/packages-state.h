/* What became of each package on this instance: kept across boots, read by `status`. */
#ifndef BOOTSTRAP_PACKAGES_STATE_H
#define BOOTSTRAP_PACKAGES_STATE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/json.h"

struct packages_state {
	int                 root;
	struct json_object *doc;
};

void packages_state_done(struct packages_state *s);
#define AUTO_PACKAGES_STATE CLEANUP(packages_state_done) struct packages_state

/* That of another instance counts as empty. instance_id NULL: nobody knows; then it is the same as before. 0 or negative. */
int packages_state_open(int root, const char *instance_id, struct packages_state *ret, struct err *e) MUST_CHECK;

bool packages_state_installed(const struct packages_state *s, const char *name);

/* state: "installed", "waiting" or "failed"; cause: of the last two. On disk when it returns. 0 or negative. */
int packages_state_set(struct packages_state *s, const char *name, const char *state, const char *cause, struct err *e) MUST_CHECK;

#endif
