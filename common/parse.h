/* Strict parsers of single values: the whole text or nothing, no signs, no blanks, no surprises. */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/view.h"

/* Decimal digits only. 0, -EINVAL (not a number), -ERANGE (over max). *ret is untouched on failure. */
int parse_u64(struct view text, uint64_t max, uint64_t *ret) MUST_CHECK;

/* Whole seconds, or a number and one of s, m, h: "90", "5m". In seconds; errors as parse_u64. */
int parse_duration(struct view text, uint64_t max, uint64_t *ret) MUST_CHECK;

/* What Go's strconv.ParseBool takes, as ECS_* switches do: 1 t T TRUE true True 0 f F FALSE false False. */
int parse_bool(struct view text, bool *ret) MUST_CHECK;

/* [A-Za-z_][A-Za-z0-9_]*, the names a shell and systemd accept for variables. */
bool is_identifier(struct view text);

#endif
