#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/nearest.h"
#include "bootstrap/settings-check.h"
#include "bootstrap/settings-table.h"

enum { CHILDREN_MAX = 16, SHOWN_MAX = 60 };

void walk_enter(struct walk *w, const char *key, size_t index)
{
	if (w->path.n < JSON_PATH_MAX) {
		w->path.step[w->path.n].key = key;
		w->path.step[w->path.n].index = index;
	}
	w->path.n++;
}

void walk_leave(struct walk *w)
{
	w->path.n--;
}

/* In a part, a mount stands at another index of its list than in what was merged; its mount point tells. */
static bool index_in_part(const struct walk *w, const struct settings_part *p, struct json_path *path)
{
	struct json_object *all, *list;
	const char *mount;

	if (path->n < 2 || !path->step[0].key || strcmp(path->step[0].key, "efs") != 0)
		return true;
	if (json_get(w->merged, json_type_array, &all, "efs", NULL) < 0 || json_get(p->doc, json_type_array, &list, "efs", NULL) < 0)
		return false;
	mount = json_text(json_object_array_get_idx(all, path->step[1].index), "mountPoint", NULL);
	for (size_t i = 0; mount && i < json_object_array_length(list); i++) {
		const char *here = json_text(json_object_array_get_idx(list, i), "mountPoint", NULL);

		path->step[1].index = i;
		if (here && strcmp(here, mount) == 0)
			return true;
	}
	return false;
}

/* The last part that has it. What stands nowhere (a key that is missing) is looked for one step up. */
static void find_place(const struct walk *w, enum locate what, struct finding *f)
{
	struct json_path path = w->path;

	for (path.n = path.n < JSON_PATH_MAX ? path.n : JSON_PATH_MAX; path.n > 0; path.n--) {
		for (size_t i = w->n_parts; i-- > 0;) {
			struct json_path here = path;

			if ((!w->merged || index_in_part(w, &w->parts[i], &here)) && json_locate(w->parts[i].text, &here, what, &f->at)) {
				f->part = w->parts[i].number;
				return;
			}
		}
	}
	if (w->n_parts == 0)
		return;
	f->part = w->parts[w->n_parts - 1].number;
	(void) json_locate(w->parts[w->n_parts - 1].text, &path, what, &f->at);
}

static void complain(struct walk *w, enum locate what, bool is_error, const char *text)
{
	struct finding f = { .is_error = is_error };

	json_path_text(&w->path, f.path, sizeof f.path);
	if (!findings_full(w->out))
		find_place(w, what, &f);
	findings_add(w->out, &f, "%s", text);
}

void walk_error(struct walk *w, enum locate what, const char *fmt, ...)
{
	char text[sizeof ((struct finding *) NULL)->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	complain(w, what, true, text);
}

void walk_warn(struct walk *w, enum locate what, const char *fmt, ...)
{
	char text[sizeof ((struct finding *) NULL)->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	complain(w, what, false, text);
}

/* What is there instead. Of objects and lists no more than that: somewhere in them may be a secret. */
static void refuse(struct walk *w, const struct setting *s, struct json_object *value)
{
	const char *shown = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char wants[160];

	setting_wants(s, wants, sizeof wants);
	if (json_object_is_type(value, json_type_object))
		shown = "an object";
	else if (json_object_is_type(value, json_type_array))
		shown = "a list";
	if (s->private || !shown)
		walk_error(w, LOCATE_VALUE, "must be %s", wants);
	else
		walk_error(w, LOCATE_VALUE, "must be %s, not %.*s%s", wants, SHOWN_MAX, shown, strlen(shown) > SHOWN_MAX ? "…" : "");
}

static unsigned accepts_of(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return ACCEPT_OBJECT;
	case json_type_array:
		return ACCEPT_LIST;
	case json_type_string:
		return ACCEPT_STRING;
	case json_type_boolean:
		return ACCEPT_BOOL;
	case json_type_int:
		return ACCEPT_INT;
	default:
		return 0;
	}
}

static bool is_one_of(const char *words, const char *text)
{
	size_t n = strlen(text);

	for (const char *at = words; n > 0 && (at = strstr(at, text)); at++)
		if ((at == words || at[-1] == '|') && (at[n] == '|' || at[n] == '\0'))
			return true;
	return false;
}

bool setting_has_control(struct json_object *value)
{
	struct view v = { json_object_get_string(value), (size_t) json_object_get_string_len(value) };

	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char) v.p[i] < 0x20 || v.p[i] == 0x7f)
			return true;
	return false;
}

static bool fits(const struct setting *s, struct json_object *value)
{
	if ((accepts_of(value) & s->types) == 0)
		return false;
	if (json_object_is_type(value, json_type_string))
		return !setting_has_control(value) && (!s->words || is_one_of(s->words, json_object_get_string(value)));
	if (json_object_is_type(value, json_type_int))
		return json_object_get_int64(value) >= s->min && json_object_get_int64(value) <= s->max;
	return true;
}

static void walk_value(struct walk *w, const struct setting *s, struct json_object *value);

static const struct setting *child_of(const char *parent, const char *key)
{
	for (size_t i = 0; i < settings_table_len; i++) {
		const char *leaf = setting_leaf(&settings_table[i], parent);

		if (leaf && strcmp(leaf, key) == 0)
			return &settings_table[i];
	}
	return NULL;
}

static size_t children_of(const char *parent, const char *names[CHILDREN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < settings_table_len && n < CHILDREN_MAX; i++) {
		const char *leaf = setting_leaf(&settings_table[i], parent);

		if (leaf)
			names[n++] = leaf;
	}
	return n;
}

static void refuse_key(struct walk *w, const char *key, const char *const names[], size_t n)
{
	const char *meant = findings_full(w->out) ? NULL : nearest_name(key, names, n, sizeof names[0]);

	if (meant)
		walk_error(w, LOCATE_KEY, "unknown key; did you mean '%s'?", meant);
	else
		walk_error(w, LOCATE_KEY, "unknown key");
}

/* An object without rows of its own below it takes any keys; its check says more. */
static void walk_object(struct walk *w, const char *path, struct json_object *object)
{
	const char *names[CHILDREN_MAX];
	size_t n = children_of(path, names);

	if (n == 0)
		return;
	json_object_object_foreach(object, key, value) {
		const struct setting *s = child_of(path, key);

		walk_enter(w, key, 0);
		if (!s)
			refuse_key(w, key, names, n);
		else if (value)
			walk_value(w, s, value);
		walk_leave(w);
	}
}

static void walk_list(struct walk *w, const struct setting *s, struct json_object *list)
{
	const struct setting *element = child_of(s->path, "[]");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		walk_enter(w, NULL, i);
		walk_value(w, element, json_object_array_get_idx(list, i));
		walk_leave(w);
	}
}

static void walk_value(struct walk *w, const struct setting *s, struct json_object *value)
{
	if (!fits(s, value) || (s->check && !s->check(w, value))) {
		refuse(w, s, value);
		return;
	}
	if (json_object_is_type(value, json_type_object))
		walk_object(w, s->path, value);
	if (json_object_is_type(value, json_type_array))
		walk_list(w, s, value);
}

void walk_document(struct walk *w, struct json_object *doc)
{
	struct json_object *version;

	if (!json_object_is_type(doc, json_type_object)) {
		walk_error(w, LOCATE_VALUE, "a settings document must be a JSON object");
		return;
	}
	if (!json_object_object_get_ex(doc, "version", &version) || !version)
		walk_error(w, LOCATE_VALUE, "key 'version' is missing; write \"version\": 1");
	walk_object(w, "", doc);
}

/* Each value of the merged document was accepted in its part, so types are right here. */
static void walk_rules(struct walk *w, const struct setting *s, struct json_object *value)
{
	if (s->rule)
		s->rule(w, value);
	for (size_t i = 0; i < settings_table_len; i++) {
		const struct setting *child = &settings_table[i];
		const char *leaf = setting_leaf(child, s->path);
		struct json_object *have = NULL;

		if (leaf && json_object_is_type(value, json_type_object)) {
			bool there = json_object_object_get_ex(value, leaf, &have) && have;

			if (!there && child->required)
				walk_error(w, LOCATE_VALUE, "key '%s' is missing: %s", leaf, child->help);
			walk_enter(w, leaf, 0);
			if (there)
				walk_rules(w, child, have);
			walk_leave(w);
		}
		for (size_t at = 0; leaf && json_object_is_type(value, json_type_array) && at < json_object_array_length(value); at++) {
			walk_enter(w, NULL, at);
			walk_rules(w, child, json_object_array_get_idx(value, at));
			walk_leave(w);
		}
	}
}

void walk_merged(struct walk *w)
{
	for (size_t i = 0; i < settings_table_len; i++) {
		const char *key = setting_leaf(&settings_table[i], "");
		struct json_object *value;

		if (!key || !json_object_object_get_ex(w->merged, key, &value) || !value)
			continue;
		walk_enter(w, key, 0);
		walk_rules(w, &settings_table[i], value);
		walk_leave(w);
	}
	rule_document(w, w->merged);
}
