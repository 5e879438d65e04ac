#include <errno.h>
#include <string.h>

#include "bootstrap/merge.h"
#include "common/attr.h"
#include "common/json.h"

/* A deep copy, so that the two documents never share a value; nulls inside a new object are dropped as by a patch. */
static int copy(struct json_object *from, struct json_object **ret)
{
	*ret = NULL;
	if (json_object_is_type(from, json_type_object))
		return merge_patch(ret, from);
	return from && json_object_deep_copy(from, ret, NULL) < 0 ? -ENOMEM : 0;
}

static int merge_member(struct json_object *target, const char *key, struct json_object *value)
{
	struct json_object *have = NULL, *made = NULL;
	int r;

	if (!value) {
		json_object_object_del(target, key);
		return 0;
	}
	if (json_object_is_type(value, json_type_object) && json_object_object_get_ex(target, key, &have) &&
	    json_object_is_type(have, json_type_object))
		return merge_patch(&have, value); /* an object stays the same object, so nothing is to be put back */
	r = copy(value, &made);
	if (r == 0 && json_object_object_add(target, key, made) < 0) {
		json_object_put(made);
		r = -ENOMEM;
	}
	return r;
}

int merge_patch(struct json_object **target, struct json_object *patch)
{
	if (!json_object_is_type(patch, json_type_object)) {
		struct json_object *made;
		int r = copy(patch, &made);

		if (r < 0)
			return r;
		json_object_put(*target);
		*target = made;
		return 0;
	}
	if (!json_object_is_type(*target, json_type_object)) {
		struct json_object *fresh = json_object_new_object();

		if (!fresh)
			return -ENOMEM;
		json_object_put(*target);
		*target = fresh;
	}
	json_object_object_foreach(patch, key, value) {
		int r = merge_member(*target, key, value);

		if (r < 0)
			return r;
	}
	return 0;
}

static struct json_object *mount_of(struct json_object *list, const char *mount, size_t *ret_at)
{
	for (size_t i = 0; mount && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *here = json_text(o, "mountPoint", NULL);

		if (here && strcmp(here, mount) == 0) {
			*ret_at = i;
			return o;
		}
	}
	return NULL;
}

/* Each entry patches the one of the same mount point, or comes behind the others. */
static int add_mounts(struct json_object *list, struct json_object *from)
{
	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *entry = json_object_array_get_idx(from, i), *made = NULL, *have;
		size_t at = json_object_array_length(list);
		int r;

		have = mount_of(list, json_text(entry, "mountPoint", NULL), &at);
		if (have)
			r = merge_patch(&have, entry); /* both are objects, so it stays the same one */
		else
			r = copy(entry, &made);
		if (r == 0 && !have && json_object_array_put_idx(list, at, made) < 0) {
			json_object_put(made);
			r = -ENOMEM;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int merge_settings(struct json_object **target, struct json_object *patch)
{
	AUTO_JSON *list = NULL;
	struct json_object *old, *new;
	int r = 0;

	if (json_get(patch, json_type_array, &new, "efs", NULL) == 0) {
		if (*target && json_get(*target, json_type_array, &old, "efs", NULL) == 0)
			r = json_object_deep_copy(old, &list, NULL) < 0 ? -ENOMEM : 0;
		else
			list = json_object_new_array();
		if (r == 0)
			r = list ? add_mounts(list, new) : -ENOMEM;
	}
	if (r == 0)
		r = merge_patch(target, patch);
	if (r == 0 && list && json_object_object_add(*target, "efs", json_object_get(list)) < 0) {
		json_object_put(list);
		r = -ENOMEM;
	}
	return r;
}
