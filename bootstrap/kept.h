/* JSON documents in which sections remember from boot to boot what they made, so that they take away that and nothing else. */
#ifndef BOOTSTRAP_KEPT_H
#define BOOTSTRAP_KEPT_H

#include "common/err.h"
#include "common/json.h"

/* An object in *ret (the caller puts it): what the file holds, or an empty one where there is none or it is no JSON object. */
int kept_read(int root, const char *path, struct json_object **ret, struct err *e) MUST_CHECK;

/* Writes it whole; an object without members removes the file. On disk when it returns. 0 or negative. */
int kept_write(int root, const char *path, struct json_object *doc, struct err *e) MUST_CHECK;

/* Sets key to a copy of text; NULL takes the key away. 0 or -ENOMEM. */
int kept_set(struct json_object *doc, const char *key, const char *text) MUST_CHECK;

#endif
