/* Building JSON for output: text is made valid UTF-8, and memory that is missing is said. All answer 0 or -ENOMEM. */
#ifndef BOOTSTRAP_SHOW_JSON_H
#define BOOTSTRAP_SHOW_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/json.h"

int show_text(struct json_object *o, const char *key, struct view text) MUST_CHECK;
int show_number(struct json_object *o, const char *key, size_t n) MUST_CHECK;
int show_true(struct json_object *o, const char *key) MUST_CHECK;
int show_bool(struct json_object *o, const char *key, bool value) MUST_CHECK;
int show_null(struct json_object *o, const char *key) MUST_CHECK;

/* A new object at the end of a list; borrowed, NULL when memory is short. */
struct json_object *show_element(struct json_object *list);

/* A new list under key, which belongs to o; NULL without memory. */
struct json_object *show_list(struct json_object *o, const char *key);

/* Appends the document, indented, and a line end. */
int show_document(struct json_object *o, struct buf *ret) MUST_CHECK;

#endif
