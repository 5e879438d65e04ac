/* The environment of the agent's container. Names and defaults are those of Amazon's ecs-init 1.105. */
#include <stdio.h>
#include <string.h>

#include "common/keyval.h"
#include "init/engine/request.h"

static const struct {
	const char *name, *value;
} defaults[] = {
	{ "ECS_LOGFILE", "/log/ecs-agent.log" },
	{ "ECS_DATADIR", "/data" },
	{ "ECS_AGENT_CONFIG_FILE_PATH", "/etc/ecs/ecs.config.json" },
	{ "ECS_UPDATE_DOWNLOAD_DIR", "/var/cache/ecs" },
	{ "ECS_UPDATES_ENABLED", "true" },
	{ "ECS_AVAILABLE_LOGGING_DRIVERS", "[\"json-file\",\"syslog\",\"awslogs\",\"fluentd\",\"none\"]" },
	{ "ECS_ENABLE_TASK_IAM_ROLE", "true" },
	{ "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST", "true" },
	{ "ECS_EBSTA_SUPPORTED", "true" },
	{ "ECS_AGENT_LABELS", "" },
	{ "ECS_VOLUME_PLUGIN_CAPABILITIES", "[\"efsAuth\"]" },
	{ "ECS_ENABLE_TASK_ENI", "true" },
	{ "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE", "true" },
};

static void put(struct json_object *env, const char *name, const char *value)
{
	json_object_object_add(env, name, json_object_new_string(value));
}

static bool is_gpu_switch(const struct keyval *kv)
{
	return view_is(kv->key, "ECS_ENABLE_GPU_SUPPORT") && view_is(kv->value, "true");
}

/* What the kernel would refuse to hand to a process, or Docker cut off: see settings.c, which says so. */
bool agent_takes(const struct keyval *kv)
{
	return kv->key.len <= ENV_NAME_MAX && kv->value.len <= ENV_VALUE_MAX && !memchr(kv->value.p, '\0', kv->value.len);
}

/* An AMI with drivers may run on a type without a GPU: the AMI's own switch then means nothing; the user's is taken as it is. */
static void put_file(struct json_object *env, struct view text, bool drop_gpu)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		char name[ENV_NAME_MAX + 1];

		if (kind != KEYVAL_PAIR || !agent_takes(&kv) || (drop_gpu && is_gpu_switch(&kv)))
			continue;
		snprintf(name, sizeof name, "%.*s", VIEW_ARG(kv.key, (size_t) ENV_NAME_MAX));
		json_object_object_add(env, name, json_object_new_string_len(kv.value.p, (int) kv.value.len));
	}
}

/* ECS Anywhere has no metadata service to ask; a region that only our unit was given must reach the agent too. */
static void put_region(struct json_object *env, const struct host *h)
{
	struct view v;

	if (h->external && host_switch(h, "AWS_DEFAULT_REGION", &v) && v.len > 0)
		json_object_object_add(env, "AWS_DEFAULT_REGION", json_object_new_string_len(v.p, (int) v.len));
}

struct json_object *agent_environment(const struct host *h)
{
	struct json_object *env = json_object_new_object();

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		put(env, defaults[i].name, defaults[i].value);
	put(env, "ECS_DETAILED_OS_FAMILY", h->os_family);
	if (h->certs_dir)
		put(env, "SSL_CERT_DIR", h->certs_dir);
	put(env, "CREDENTIALS_FETCHER_HOST_DIR", h->credentials_fetcher);
	if (h->domain_joined)
		put(env, "ECS_DOMAIN_JOINED_LINUX_INSTANCE", "true");
	put_region(env, h);
	put_file(env, buf_view(&h->instance_config), !h->gpu_devices);
	put_file(env, buf_view(&h->user_config), false);
	if (h->external || h->api < 125)
		put(env, "ECS_ENABLE_TASK_ENI", "false");
	if (h->external || !h->ebs_dir)
		put(env, "ECS_EBSTA_SUPPORTED", "false");
	return env;
}
