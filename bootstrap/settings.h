/* The hub: what all our parts of the user data ask for, merged in order of appearance and checked key by key. */
#ifndef BOOTSTRAP_SETTINGS_H
#define BOOTSTRAP_SETTINGS_H

#include <stdbool.h>

#include "bootstrap/findings.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/view.h"

enum { SETTINGS_VERSION = 1, SETTINGS_EFS_MAX = 256 /* mounts: each is compared with each */ };

struct settings {
	struct json_object   *doc;      /* merged document (RFC 7396); NULL while no part was added */
	struct findings       findings; /* errors of all parts that were refused, warnings of all */
	struct settings_part *parts;    /* the documents one by one, until settings_finish: to say where something stands */
	size_t                n_parts;
};

void settings_done(struct settings *s);
#define AUTO_SETTINGS CLEANUP(settings_done) struct settings

/*
 * Add one part. Nothing of it is taken when it is refused; the sentence names part, line, column, JSON path and the
 * nearest known key of the first error, and says how many more there are; all are in findings. number: of the part in the
 * user data, for messages. The text of a document must stay until settings_finish.
 */
int settings_add_env(struct settings *s, unsigned number, struct view text, struct err *e) MUST_CHECK;
int settings_add_json(struct settings *s, unsigned number, struct view text, struct err *e) MUST_CHECK;

/* After the last part: what can only be said of all parts together (keys that must be there, rules between keys). */
int settings_finish(struct settings *s, struct err *e) MUST_CHECK;

/* The agent's variables in order: fn(ctx, NAME, value as it stands in ecs.config). Stops at a negative answer and returns it. */
typedef int setting_fn(void *ctx, const char *name, const char *value);
int settings_each_agent(const struct settings *s, setting_fn *fn, void *ctx) MUST_CHECK;

/* The agent's variables, to be added to; made if there are none. Borrowed; NULL when memory is short. */
struct json_object *settings_agent(struct settings *s);

/* What stands under a key of the merged document, NULL if nothing does. Borrowed. */
struct json_object *settings_section(const struct settings *s, const char *key);

/* The table of all settings as text for a reader: `ecs-bootstrap help settings`. 0, -EMSGSIZE, -ENOMEM. */
int settings_describe(struct buf *b) MUST_CHECK;

#endif
