#include <stdint.h>
#include <string.h>

#include "bootstrap/trunk-limits.h"
#include "common/parse.h"

static bool same(struct view a, struct view b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static bool has_word(struct view words, struct view word)
{
	while (words.len > 0)
		if (same(view_cut(&words, ' '), word))
			return true;
	return false;
}

/* "SIZE WITHOUT WITH,…" */
static int find_size(struct view sizes, struct view want, struct trunk_limits *ret)
{
	while (sizes.len > 0) {
		struct view one = view_cut(&sizes, ','), size = view_cut(&one, ' '), without = view_cut(&one, ' ');
		uint64_t a, b;

		if (!same(size, want) && !view_is(size, "*"))
			continue;
		if (parse_u64(without, UINT16_MAX, &a) < 0 || parse_u64(one, UINT16_MAX, &b) < 0)
			return TRUNK_NEVER;
		*ret = (struct trunk_limits) { .without = (unsigned) a, .with = (unsigned) b };
		return 0;
	}
	return TRUNK_UNKNOWN;
}

int trunk_limits(const char *type, struct trunk_limits *ret)
{
	struct view size = view_of(type), family = view_cut(&size, '.'), rest = view_of(trunk_limits_text), line;

	if (family.len == 0 || size.len == 0)
		return TRUNK_UNKNOWN;
	while (view_line(&rest, &line)) {
		struct view families = view_cut(&line, ':');

		if (has_word(families, family))
			return find_size(line, size, ret);
	}
	return TRUNK_UNKNOWN;
}
