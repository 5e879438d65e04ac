#include <errno.h>

#include "bootstrap/merge.h"
#include "common/attr.h"

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
