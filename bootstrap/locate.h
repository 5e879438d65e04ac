/* Where a value stands in the text of a JSON document: json-c keeps no positions, so the text is walked again for a message. */
#ifndef BOOTSTRAP_LOCATE_H
#define BOOTSTRAP_LOCATE_H

#include <stdbool.h>

#include "common/json.h"
#include "common/view.h"

enum { JSON_PATH_MAX = 8 };

struct json_path {
	struct {
		const char *key;   /* NULL: the element of a list at index */
		size_t      index;
	} step[JSON_PATH_MAX];
	unsigned n;
};

enum locate { LOCATE_KEY, LOCATE_VALUE };

/*
 * Line and column of the value at path, or of the key that names it. Of a key that stands there twice, the last is meant,
 * as json-c does. false: there is none; any text will do, then what it says where is only a guess.
 */
bool json_locate(struct view text, const struct json_path *path, enum locate what, struct json_place *ret);

/* A key at path that its object has already: where it stood first, and where it stands again. */
typedef void duplicate_fn(void *ctx, const struct json_path *path, struct json_place first, struct json_place again);

/* Calls fn for each of them, in order; text must be JSON, as json_parse has found. Deeper than JSON_PATH_MAX nothing is looked at. 0 or -ENOMEM. */
int json_duplicates(struct view text, duplicate_fn *fn, void *ctx) MUST_CHECK;

/* Writes the path as a user would: efs[0].mountPoint, agent["A B"]. Always terminated, cut if it must be. Returns text. */
const char *json_path_text(const struct json_path *path, char *text, size_t size);

#endif
