/* The hub: what all our parts of the user data ask for, merged in order of appearance and checked key by key. */
#ifndef BOOTSTRAP_SETTINGS_H
#define BOOTSTRAP_SETTINGS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/view.h"

enum { SETTINGS_VERSION = 1 };

struct settings {
	struct json_object *doc; /* merged document (RFC 7396); NULL while no part was added */
};

void settings_done(struct settings *s);
#define AUTO_SETTINGS CLEANUP(settings_done) struct settings

/*
 * Add one part. Nothing of it is taken when it is refused; the sentence names part, line or JSON path, and the nearest
 * known key. number: of the part in the user data, for messages.
 */
int settings_add_env(struct settings *s, unsigned number, struct view text, struct err *e) MUST_CHECK;
int settings_add_json(struct settings *s, unsigned number, struct view text, struct err *e) MUST_CHECK;

/* The agent's variables in order: fn(ctx, NAME, value as it stands in ecs.config). Stops at a negative answer and returns it. */
typedef int setting_fn(void *ctx, const char *name, const char *value);
int settings_each_agent(const struct settings *s, setting_fn *fn, void *ctx) MUST_CHECK;

/* The keys that were given but that this version does not act on; NULL-terminated walk: start with *at = 0. */
const char *settings_next_ignored(const struct settings *s, size_t *at);

#endif
