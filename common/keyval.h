/* KEY=VALUE lines: ecs.config, our env parts, reports between our processes. */
#ifndef COMMON_KEYVAL_H
#define COMMON_KEYVAL_H

#include <stdbool.h>

#include "common/view.h"

struct keyval {
	struct view key, value; /* value: all after the first '=', trimmed at the line's end; quotes are kept */
	unsigned    line;       /* 1 is the first */
};

enum keyval_kind { KEYVAL_END, KEYVAL_PAIR, KEYVAL_BLANK, KEYVAL_COMMENT, KEYVAL_NO_EQUALS, KEYVAL_BAD_NAME };

/* Starts at *rest = the whole text and line = 0; cuts one line off *rest and says what it was. */
enum keyval_kind keyval_next(struct view *rest, struct keyval *kv);

/* The last value that a file gives to key, as the agent's own reader would see it. false: not there. */
bool keyval_find(struct view text, const char *key, struct view *ret_value);

#endif
