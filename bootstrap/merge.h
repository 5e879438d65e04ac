/* JSON merge patch, RFC 7396: null deletes, objects merge, all else replaces. */
#ifndef BOOTSTRAP_MERGE_H
#define BOOTSTRAP_MERGE_H

#include <json-c/json.h>

/* Applies patch (borrowed) to *target (owned; replaced where the RFC says so; may start as NULL). 0 or -ENOMEM. */
int merge_patch(struct json_object **target, struct json_object *patch);

/* The same for settings documents, where the list "efs" is one of objects that are told apart by their mountPoint. */
int merge_settings(struct json_object **target, struct json_object *patch);

#endif
