#include <errno.h>
#include <string.h>

#include "bootstrap/kept.h"
#include "bootstrap/packages-state.h"
#include "bootstrap/packages.h"

void packages_state_done(struct packages_state *s)
{
	json_putp(&s->doc);
}

static bool is_of(struct json_object *doc, const char *instance_id)
{
	const char *id = json_text(doc, "instanceId", NULL);
	struct json_object *packages;

	return json_get(doc, json_type_object, &packages, "packages", NULL) == 0 && (!instance_id || (id && strcmp(id, instance_id) == 0));
}

int packages_state_open(int root, const char *instance_id, struct packages_state *ret, struct err *e)
{
	AUTO_JSON *doc = NULL;
	struct json_object *packages;
	int r = kept_read(root, PATH_PACKAGES_STATE, &doc, e);

	if (r < 0)
		return r;
	if (!is_of(doc, instance_id)) {
		json_putp(&doc);
		doc = json_object_new_object();
		packages = doc ? json_object_new_object() : NULL;
		if (!packages || json_object_object_add(doc, "packages", packages) < 0 || kept_set(doc, "instanceId", instance_id) < 0)
			return err_set(e, -ENOMEM, "read '%s'", PATH_PACKAGES_STATE);
	}
	ret->root = root;
	ret->doc = TAKE_PTR(doc);
	return 0;
}

bool packages_state_installed(const struct packages_state *s, const char *name)
{
	const char *state = json_text(s->doc, "packages", name, "state", NULL);

	return state && strcmp(state, "installed") == 0;
}

int packages_state_set(struct packages_state *s, const char *name, const char *state, const char *cause, struct err *e)
{
	AUTO_JSON *one = json_object_new_object();
	struct json_object *packages;
	int r = json_get(s->doc, json_type_object, &packages, "packages", NULL);

	if (r == 0 && (!one || kept_set(one, "state", state) < 0 || kept_set(one, "cause", cause) < 0 ||
		       json_object_object_add(packages, name, json_object_get(one)) < 0))
		r = -ENOMEM;
	return r < 0 ? err_set(e, r, "write '%s'", PATH_PACKAGES_STATE) : kept_write(s->root, PATH_PACKAGES_STATE, s->doc, e);
}
