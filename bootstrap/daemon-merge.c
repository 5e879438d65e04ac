#include <errno.h>

#include "bootstrap/daemon-merge.h"

static bool both_objects(struct json_object *a, struct json_object *b)
{
	return json_object_is_type(a, json_type_object) && json_object_is_type(b, json_type_object);
}

/* Puts value (owned, given up in every case) into *o, which is made when it is NULL. */
static int put(struct json_object **o, const char *key, struct json_object *value)
{
	if (!*o)
		*o = json_object_new_object();
	if (*o && json_object_object_add(*o, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int put_copy(struct json_object **o, const char *key, struct json_object *value)
{
	struct json_object *copy = NULL;

	if (value && json_object_deep_copy(value, &copy, NULL) < 0)
		return -ENOMEM;
	return put(o, key, copy);
}

static int merge_member(struct json_object *doc, const char *key, struct json_object *value, struct json_object **added,
			struct json_object **within)
{
	struct json_object *there, *ours = NULL;
	int r;

	if (!json_object_object_get_ex(doc, key, &there)) {
		r = put_copy(added, key, value);
		return r < 0 ? r : put_copy(&doc, key, value);
	}
	if (!both_objects(there, value))
		return 0;
	r = daemon_merge(there, value, &ours);
	return r == 0 && ours ? put(within, key, ours) : r;
}

int daemon_merge(struct json_object *doc, struct json_object *want, struct json_object **ret_ours)
{
	AUTO_JSON *added = NULL;
	AUTO_JSON *within = NULL;
	AUTO_JSON *ours = NULL;
	int r = 0;

	json_object_object_foreach(want, key, value) {
		r = merge_member(doc, key, value, &added, &within);
		if (r < 0)
			return r;
	}
	if (added)
		r = put(&ours, "added", TAKE_PTR(added));
	if (r == 0 && within)
		r = put(&ours, "within", TAKE_PTR(within));
	if (r == 0)
		*ret_ours = TAKE_PTR(ours);
	return r;
}

/* An object of ours that somebody has added to loses our members only. */
static void take_out(struct json_object *doc, const char *key, struct json_object *ours)
{
	struct json_object *there;

	if (!json_object_object_get_ex(doc, key, &there))
		return;
	if (json_object_equal(there, ours)) {
		json_object_object_del(doc, key);
		return;
	}
	if (!both_objects(there, ours))
		return;
	json_object_object_foreach(ours, name, value) {
		take_out(there, name, value);
	}
	if (json_object_object_length(there) == 0)
		json_object_object_del(doc, key);
}

void daemon_unmerge(struct json_object *doc, struct json_object *ours)
{
	struct json_object *added = NULL, *within = NULL, *there;

	if (json_get(ours, json_type_object, &added, "added", NULL) == 0) {
		json_object_object_foreach(added, key, value) {
			take_out(doc, key, value);
		}
	}
	if (json_get(ours, json_type_object, &within, "within", NULL) == 0) {
		json_object_object_foreach(within, key, sub) {
			if (json_object_object_get_ex(doc, key, &there) && json_object_is_type(there, json_type_object))
				daemon_unmerge(there, sub);
		}
	}
}
