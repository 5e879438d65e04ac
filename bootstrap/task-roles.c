#include <errno.h>
#include <string.h>

#include "bootstrap/changes.h"
#include "bootstrap/task-roles.h"
#include "common/paths.h"

struct task_roles {
	bool        enabled, block;
	const char *backend; /* borrowed from the section */
};

static int read_bool(struct json_object *value, const char *key, bool *ret, struct err *e)
{
	struct json_object *found;

	if (!json_object_object_get_ex(value, key, &found) || !found)
		return 0;
	if (!json_object_is_type(found, json_type_boolean))
		return err_say(e, -EINVAL, "read taskRoles.%s: must be true or false", key);
	*ret = json_object_get_boolean(found);
	return 0;
}

static int read_section(struct json_object *value, struct task_roles *ret, struct err *e)
{
	int r;

	*ret = (struct task_roles) { .enabled = true, .backend = "auto" };
	if (!json_object_is_type(value, json_type_object))
		return err_say(e, -EINVAL, "read taskRoles: must be an object");
	r = read_bool(value, "enabled", &ret->enabled, e);
	if (r == 0)
		r = read_bool(value, "blockInstanceMetadata", &ret->block, e);
	if (r == 0 && json_text(value, "backend", NULL))
		ret->backend = json_text(value, "backend", NULL);
	if (r == 0 && strcmp(ret->backend, "auto") != 0 && strcmp(ret->backend, "iptables") != 0 && strcmp(ret->backend, "nftables") != 0)
		return err_say(e, -EINVAL, "read taskRoles.backend: must be auto, iptables or nftables");
	return r;
}

/* A default: what is there stays. 0, APPLY_SAME or negative. */
static int set(struct json_object *agent, const char *name, const char *text, struct err *e)
{
	struct json_object *value;

	if (json_object_object_get_ex(agent, name, NULL))
		return APPLY_SAME;
	value = json_object_new_string(text);
	if (value && json_object_object_add(agent, name, value) == 0)
		return 0;
	json_object_put(value);
	return err_set(e, -ENOMEM, "set %s", name);
}

int task_roles_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e)
{
	static const char *const off[] = { "ECS_ENABLE_TASK_IAM_ROLE", "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST" };
	struct task_roles t;
	int r, done = APPLY_SAME;

	(void) a;
	if (!value)
		return APPLY_SAME;
	r = read_section(value, &t, e);
	for (size_t i = 0; r >= 0 && !t.enabled && i < ARRAY_LEN(off); i++) {
		r = set(agent, off[i], "false", e);
		done = r == 0 ? 0 : done;
	}
	if (r >= 0 && t.block) {
		r = set(agent, "ECS_AWSVPC_BLOCK_IMDS", "true", e);
		done = r == 0 ? 0 : done;
	}
	return r < 0 ? r : done;
}

int task_roles_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	AUTO_BUF text = { .limit = 0 };
	struct task_roles t;
	int r;

	if (!value)
		return apply_remove(a, PATH_NETCONF_CONF, e);
	r = read_section(value, &t, e);
	if (r < 0)
		return r;
	r = buf_printf(&text, "# By ecs-bootstrap(8), from taskRoles in user data; read by ecs-netconf(8).\n"
		       "TASK_ROLES=%s\nBLOCK_INSTANCE_METADATA=%s\nBACKEND=%s\n", t.enabled ? "true" : "false",
		       t.block ? "true" : "false", t.backend);
	if (r < 0)
		return err_set(e, r, "write '%s'", PATH_NETCONF_CONF);
	return apply_write(a, PATH_NETCONF_CONF, buf_view(&text), 0644, e);
}
