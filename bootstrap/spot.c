#include <errno.h>
#include <string.h>

#include "bootstrap/spot.h"

#define VARIABLE "ECS_ENABLE_SPOT_INSTANCE_DRAINING"

static int set(struct json_object *agent, const char *text, struct err *e)
{
	struct json_object *value;

	if (json_object_object_get_ex(agent, VARIABLE, NULL))
		return APPLY_SAME;
	value = json_object_new_string(text);
	if (value && json_object_object_add(agent, VARIABLE, value) == 0)
		return 0;
	json_object_put(value);
	return err_set(e, -ENOMEM, "set " VARIABLE);
}

static int set_if_spot(const struct apply *a, struct json_object *agent, bool asked, struct err *e)
{
	AUTO_BUF kind = { 0 };
	int r;

	if (!a->imds || json_object_object_get_ex(agent, VARIABLE, NULL))
		return APPLY_SAME;
	r = imds_get(a->imds, "meta-data/instance-life-cycle", 1024, &kind, e);
	if (r < 0)
		return asked ? err_wrap(e, "find out for spotDraining whether this is a spot instance") : APPLY_SAME;
	return r == 0 && view_is(view_trim(buf_view(&kind)), "spot") ? set(agent, "true", e) : APPLY_SAME;
}

int spot_said(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e)
{
	(void) a;
	return json_object_is_type(value, json_type_boolean) ? set(agent, json_object_get_boolean(value) ? "true" : "false", e) : APPLY_SAME;
}

int spot_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e)
{
	if (json_object_is_type(value, json_type_boolean))
		return spot_said(a, value, agent, e);
	if (value && (!json_object_is_type(value, json_type_string) || strcmp(json_object_get_string(value), "auto") != 0))
		return err_say(e, -EINVAL, "set spotDraining: must be \"auto\", true or false");
	return set_if_spot(a, agent, value != NULL, e);
}
