/* Merging settings under what stands in Docker's daemon.json, and taking out again what we put in. Pure. */
#ifndef BOOTSTRAP_DAEMON_MERGE_H
#define BOOTSTRAP_DAEMON_MERGE_H

#include "common/json.h"

/*
 * Adds to doc what want has and doc lacks, in nested objects too; what is in doc wins. *ret_ours: what was added
 * ({"added": {KEY: VALUE}, "within": {KEY: the same for the object there}}), NULL if nothing; the caller puts it. 0 or -ENOMEM.
 */
int daemon_merge(struct json_object *doc, struct json_object *want, struct json_object **ret_ours) MUST_CHECK;

/* Takes out of doc what daemon_merge once added, but for what has another value by now: that has become the user's. */
void daemon_unmerge(struct json_object *doc, struct json_object *ours);

#endif
