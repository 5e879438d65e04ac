/* What settings do beyond the agent's own lines: each section of the document has a module with one or both of these. */
#ifndef BOOTSTRAP_APPLY_H
#define BOOTSTRAP_APPLY_H

#include "common/err.h"
#include "common/imds.h"
#include "common/json.h"

struct changes;

struct apply {
	int             root;
	struct imds    *imds; /* NULL: the metadata service did not serve on this boot */
	struct changes *dry;  /* not NULL: nothing is written or told; what would be written is put in there (bootstrap/changes.h) */
};

enum {
	APPLY_SAME = 1,   /* it was so already, or there is nothing to do */
	APPLY_NOTED = 2,  /* done; *e says what is worth to know */
	APPLY_WARNED = 3, /* done as far as it can be; *e says what is missing */
};

/*
 * Adds agent variables NAME -> text to agent (an object), as defaults: what the user's own `agent` section says wins.
 * value: the section, NULL if it is not in the document. 0, APPLY_SAME, or negative; on failure agent is as it was.
 */
typedef int derive_fn(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e);

/* Makes the host as the section says, or takes away what an earlier boot made when value is NULL. */
typedef int apply_fn(const struct apply *a, struct json_object *value, struct err *e);

#endif
