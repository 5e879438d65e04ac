#include <errno.h>

#include "bootstrap/show-json.h"
#include "cloud-init/utf8.h"

static int add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(o, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int show_text(struct json_object *o, const char *key, struct view text)
{
	AUTO_BUF clean = { .limit = text.len * 3 + 1 };
	int r = utf8_from(text, UTF8_FROM_UTF8, &clean);

	return r < 0 ? r : add(o, key, json_object_new_string_len(buf_view(&clean).p, (int) clean.len));
}

int show_number(struct json_object *o, const char *key, size_t n)
{
	return add(o, key, json_object_new_int64((int64_t) n));
}

int show_bool(struct json_object *o, const char *key, bool value)
{
	return add(o, key, json_object_new_boolean(value));
}

int show_true(struct json_object *o, const char *key)
{
	return show_bool(o, key, true);
}

int show_null(struct json_object *o, const char *key)
{
	return json_object_object_add(o, key, NULL) < 0 ? -ENOMEM : 0;
}

struct json_object *show_list(struct json_object *o, const char *key)
{
	struct json_object *list = json_object_new_array();

	return add(o, key, list) < 0 ? NULL : list;
}

struct json_object *show_element(struct json_object *list)
{
	struct json_object *o = json_object_new_object();

	if (o && json_object_array_add(list, o) == 0)
		return o;
	json_object_put(o);
	return NULL;
}

int show_document(struct json_object *o, struct buf *ret)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

	return text ? buf_printf(ret, "%s\n", text) : -ENOMEM;
}
