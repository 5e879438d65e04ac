/* The walk along the table of settings through a document, and how a check on it says what is wrong. */
#ifndef BOOTSTRAP_SETTINGS_WALK_H
#define BOOTSTRAP_SETTINGS_WALK_H

#include "bootstrap/findings.h"
#include "bootstrap/locate.h"
#include "common/json.h"
#include "common/view.h"

/* One part of the user data, kept until all of them are merged. */
struct settings_part {
	unsigned            number;
	struct view         text;
	struct json_object *doc;
};

/* Where a check is. parts: the one document that is checked (then merged is NULL), or all that merged was made of. */
struct walk {
	const struct settings_part *parts;
	size_t                      n_parts;
	struct json_object         *merged;
	struct findings            *out;
	struct json_path            path;
};

/* Checks a document: types, words, ranges, unknown keys, each row's check. Findings go to w->out. */
void walk_document(struct walk *w, struct json_object *doc);

/* Checks the merged document: keys that must be there, each row's rule. */
void walk_merged(struct walk *w);

void walk_enter(struct walk *w, const char *key, size_t index); /* key NULL: the element at index */
void walk_leave(struct walk *w);

/* A finding about where the walk is: LOCATE_KEY for what is wrong with a name. */
void walk_error(struct walk *w, enum locate what, const char *fmt, ...) PRINTF_LIKE(3, 4);
void walk_warn(struct walk *w, enum locate what, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
