/* The state file of volumes.h: reading what may be damaged, writing. */
#include <errno.h>
#include <string.h>

#include "efs/plugin/names.h"
#include "efs/plugin/volumes.h"

static const char *object_of(struct json_object *o, const char *key, struct json_object **ret)
{
	*ret = NULL;
	if (!json_object_object_get_ex(o, key, ret) || !*ret)
		return NULL;
	return json_object_is_type(*ret, json_type_object) ? NULL : "is no object";
}

/* Options must be strings. NULL: they are; else what is wrong. */
static const char *check_options(struct json_object *entry)
{
	struct json_object *options;
	const char *wrong = object_of(entry, "options", &options);
	struct json_object_iterator at, end;

	if (wrong || !options)
		return wrong;
	at = json_object_iter_begin(options);
	end = json_object_iter_end(options);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		if (!json_object_is_type(json_object_iter_peek_value(&at), json_type_string))
			return "has a member that is no string";
	return NULL;
}

static const char *check_texts(struct json_object *entry)
{
	static const char *const texts[] = { "type", "path", "createdAt" };
	struct json_object *value;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (json_object_object_get_ex(entry, texts[i], &value) && value && !json_object_is_type(value, json_type_string))
			return "is no string";
	return NULL;
}

/* The peer wrote null before 1.89, and reads null and 0 as one mount. */
static const char *repair_mounts(struct json_object *entry)
{
	struct json_object *mounts;
	const char *wrong = object_of(entry, "mounts", &mounts);

	if (wrong)
		return wrong;
	if (!mounts || json_object_object_length(mounts) == 0) {
		json_object_object_del(entry, "mounts");
		return NULL;
	}
	json_object_object_foreach(mounts, id, n) {
		struct err unused;

		if ((n && !json_object_is_type(n, json_type_int)) || id_check(id, &unused) < 0)
			return "is no count";
		if (!n || json_object_get_int(n) < 1)
			(void) json_object_object_add(mounts, id, json_object_new_int(1));
	}
	return NULL;
}

/* NULL: the entry is as it should be; else what is not, and in *ret_member where. */
static const char *check_entry(const char *name, struct json_object *entry, const char **ret_member)
{
	const char *wrong = NULL;
	struct err unused;

	*ret_member = "entry";
	if (name[0] && strlen(name) > 4096)
		return "has too long a name";
	if (!json_object_is_type(entry, json_type_object))
		return "is no object";
	*ret_member = "type, path or createdAt";
	wrong = check_texts(entry);
	if (wrong)
		return wrong;
	*ret_member = "path";
	if (target_check(json_text(entry, "path", NULL) ? json_text(entry, "path", NULL) : "", &unused) < 0)
		return "is no path";
	*ret_member = "options";
	wrong = check_options(entry);
	if (wrong)
		return wrong;
	*ret_member = "mounts";
	return repair_mounts(entry);
}

/* Takes over all volumes that are whole. Their count of those that are not. */
static int take(struct json_object *all, struct volumes *t, struct err *e)
{
	struct json_object *to = NULL;
	int bad = 0;

	(void) json_object_object_get_ex(t->document, "volumes", &to);
	json_object_object_foreach(all, name, entry) {
		const char *member, *wrong = check_entry(name, entry, &member);
		struct volume *v;

		if (wrong) {
			bad++;
			(void) err_say(e, -EBADMSG, "volume '%.64s': its %s %s", name, member, wrong);
			continue;
		}
		v = volumes_add(t, name, "", "", NULL);
		if (!v || json_object_object_add(to, name, json_object_get(entry)) < 0)
			return -ENOMEM;
		v->entry = entry;
	}
	return bad;
}

int volumes_parse(struct view text, struct volumes *ret, struct err *e)
{
	AUTO_JSON *document = NULL;
	struct json_object *all;
	struct json_place where;
	const char *wrong;
	int r = volumes_new(ret);

	if (r < 0)
		return err_set(e, r, "read the volumes");
	if (view_trim(text).len == 0) {
		(void) err_say(e, -EBADMSG, "it is empty");
		return VOLUMES_DAMAGED;
	}
	if (json_parse(text, &document, &where, e) < 0) {
		(void) err_wrap(e, "line %u, column %u", where.line, where.column);
		return VOLUMES_DAMAGED;
	}
	wrong = json_object_is_type(document, json_type_object) ? object_of(document, "volumes", &all) : "is no object";
	if (wrong) {
		(void) err_say(e, -EBADMSG, "it, or its member volumes, %s", wrong);
		return VOLUMES_DAMAGED;
	}
	r = all ? take(all, ret, e) : 0;
	if (r < 0)
		return err_set(e, r, "read the volumes");
	/* what else stands at the top is a newer version's: it stays */
	json_object_object_foreach(document, key, value)
		if (strcmp(key, "volumes") != 0)
			(void) json_object_object_add(ret->document, key, json_object_get(value));
	return r > 0 ? VOLUMES_DAMAGED : 0;
}

int volumes_render(const struct volumes *t, struct buf *b)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *all = NULL;
	const char *text;
	size_t n;

	(void) json_object_object_get_ex(t->document, "volumes", &all);
	if (json_object_object_length(all) == 0 && json_object_object_length(t->document) == 1)
		return buf_add(b, "{}", 2); /* as Go prints it: empty members are left out */
	text = json_object_to_json_string_length(t->document, flags, &n);
	return text ? buf_add(b, text, n) : -ENOMEM;
}
