/* spotDraining: whether the agent drains its tasks when EC2 takes a spot instance back. */
#ifndef BOOTSTRAP_SPOT_H
#define BOOTSTRAP_SPOT_H

#include "bootstrap/apply.h"

/* Only what was said, true or false; before agentConfigSource, which user data beats. */
int spot_said(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e) MUST_CHECK;

/*
 * value: true, false or "auto", which is also what its absence means: on if the instance is a spot one, else nothing is
 * said. A name that agent holds already stays as it is.
 */
int spot_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e) MUST_CHECK;

#endif
