#include <string.h>

#include "common/keyval.h"
#include "common/parse.h"

enum keyval_kind keyval_next(struct view *rest, struct keyval *kv)
{
	struct view line;

	if (!view_line(rest, &line))
		return KEYVAL_END;
	kv->line++;
	line = view_trim(line);
	if (line.len == 0)
		return KEYVAL_BLANK;
	if (line.p[0] == '#')
		return KEYVAL_COMMENT;
	if (!memchr(line.p, '=', line.len))
		return KEYVAL_NO_EQUALS;
	kv->key = view_cut(&line, '=');
	kv->value = line;
	return is_identifier(kv->key) ? KEYVAL_PAIR : KEYVAL_BAD_NAME;
}

bool keyval_find(struct view text, const char *key, struct view *ret_value)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	bool found = false;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		if (kind == KEYVAL_PAIR && view_is(kv.key, key)) {
			*ret_value = kv.value;
			found = true;
		}
	}
	return found;
}
