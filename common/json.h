/* Looking into JSON by path and type, so that nobody asks json-c for something unchecked. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <json-c/json.h>

#include "common/err.h"
#include "common/view.h"

enum { JSON_DEPTH_MAX = 32 };

void json_putp(struct json_object **o);
#define AUTO_JSON CLEANUP(json_putp) struct json_object

/* Where a text stopped being JSON: 1-based, in bytes. */
struct json_place {
	unsigned line, column;
};

/*
 * The whole text as one JSON document, nothing behind it but blanks. Strict: no comments, no trailing commas, UTF-8 only.
 * 0 and *ret (the caller puts it), or -EBADMSG with *where set and the reason alone in *e.
 */
int json_parse(struct view text, struct json_object **ret, struct json_place *where, struct err *e) MUST_CHECK;

/*
 * The value at a path of keys, ended by NULL. 0 and *ret (borrowed from o), -ENOENT if it is not there, -EBADMSG if it
 * is of another type than want.
 */
int json_get(struct json_object *o, enum json_type want, struct json_object **ret, ...) SENTINEL MUST_CHECK;

/* The string at a path, NULL if there is none. Borrowed from o. */
const char *json_text(struct json_object *o, const char *key, ...) SENTINEL;

#endif
