/*
 * eniTrunking: the account setting awsvpcTrunking of the instance's role, which ECS looks at when the instance registers,
 * and the host's side of it. Once for an instance id: what has registered keeps its trunk, or has none for good.
 */
#ifndef BOOTSTRAP_TRUNKING_H
#define BOOTSTRAP_TRUNKING_H

#include "bootstrap/apply.h"

#define PATH_TRUNKING_DONE "/var/lib/ecs/bootstrap/eni-trunking" /* INSTANCE VALUE: the account was seen to be so */

enum { TRUNKING_ACCOUNT_MS = 15000 }; /* for all calls to ECS together: so long at most a boot without a way there is held up */

/* Also APPLY_NOTED and APPLY_WARNED. Nothing in the document, or "auto": the account is left as it is. */
int trunking_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

#endif
