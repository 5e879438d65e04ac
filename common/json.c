#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "common/json.h"

void json_putp(struct json_object **o)
{
	if (*o)
		json_object_put(*o);
	*o = NULL;
}

static struct json_place place_of(struct view text, size_t offset)
{
	struct json_place at = { 1, 1 };

	for (size_t i = 0; i < offset && i < text.len; i++) {
		at.column++;
		if (text.p[i] == '\n')
			at = (struct json_place) { at.line + 1, 1 };
	}
	return at;
}

static struct json_object *tokenize(struct view text, enum json_tokener_error *ret_error, size_t *ret_end)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *o;

	if (!tok) {
		*ret_error = json_tokener_error_size;
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text.p, (int) text.len);
	*ret_error = json_tokener_get_error(tok);
	/* A bare number ends only at what follows it; the NUL says that nothing does. */
	if (*ret_error == json_tokener_continue && text.len > 0) {
		*ret_end = text.len;
		o = json_tokener_parse_ex(tok, "", 1);
		*ret_error = json_tokener_get_error(tok);
	} else {
		*ret_end = json_tokener_get_parse_end(tok);
	}
	json_tokener_free(tok);
	return o;
}

/* Where "\\u0000" stands, text.len if nowhere. json-c cuts names at it, so it must not get that far. */
static size_t find_nul_escape(struct view text)
{
	size_t i = 0;

	for (; i + 6 <= text.len; i++) {
		if (text.p[i] != '\\')
			continue;
		if (memcmp(text.p + i, "\\u0000", 6) == 0)
			return i;
		i++; /* what follows a backslash is no backslash of its own */
	}
	return text.len;
}

int json_parse(struct view text, struct json_object **ret, struct json_place *where, struct err *e)
{
	enum json_tokener_error error = json_tokener_success;
	AUTO_JSON *o = NULL;
	struct view tail;
	size_t end = 0;

	*where = (struct json_place) { 1, 1 };
	if (text.len > INT_MAX - 1)
		return err_set(e, -EMSGSIZE, "parse JSON");
	if (find_nul_escape(text) < text.len) {
		*where = place_of(text, find_nul_escape(text));
		return err_say(e, -EBADMSG, "a NUL character (\\u0000) is not allowed");
	}
	o = tokenize(text, &error, &end);
	if (error != json_tokener_success) {
		*where = place_of(text, end);
		return err_say(e, -EBADMSG, "%s", error == json_tokener_continue ? "it ends too early" : json_tokener_error_desc(error));
	}
	tail = view_trim((struct view) { text.p + end, text.len - end });
	if (tail.len > 0) {
		*where = place_of(text, (size_t) (tail.p - text.p));
		return err_say(e, -EBADMSG, "something follows the end of the document");
	}
	*ret = TAKE_PTR(o);
	return 0;
}

int json_get(struct json_object *o, enum json_type want, struct json_object **ret, ...)
{
	const char *key;
	va_list ap;
	int r = 0;

	va_start(ap, ret);
	while (r == 0 && (key = va_arg(ap, const char *)))
		if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &o))
			r = -ENOENT;
	va_end(ap);
	if (r == 0 && !json_object_is_type(o, want))
		r = -EBADMSG;
	if (r == 0)
		*ret = o;
	return r;
}

const char *json_text(struct json_object *o, const char *key, ...)
{
	va_list ap;

	va_start(ap, key);
	while (key && o) {
		if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &o))
			o = NULL;
		key = va_arg(ap, const char *);
	}
	va_end(ap);
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}
