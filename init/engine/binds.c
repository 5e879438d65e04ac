/* What of the host the agent's container sees. Order and conditions are those of Amazon's ecs-init 1.105. */
#include <stdio.h>
#include <string.h>

#include "init/engine/request.h"

enum mode { RW, RO };

static void bind(struct json_object *list, const char *from, const char *to, enum mode mode)
{
	char text[600];

	if (snprintf(text, sizeof text, "%s:%s%s", from, to, mode == RO ? ":ro" : "") < (int) sizeof text)
		json_object_array_add(list, json_object_new_string(text));
}

static bool env_is(struct json_object *env, const char *name, const char *value)
{
	const char *have = json_text(env, name, NULL);

	return have && strcmp(have, value) == 0;
}

/* The whole folder of the default socket, so that one made anew by a restarted daemon is seen inside. */
static void bind_docker(struct json_object *list, const struct host *h, struct json_object *env)
{
	const char *inside = json_text(env, "DOCKER_HOST", NULL);

	inside = inside && strncmp(inside, "unix:///", 8) == 0 ? inside + 7 : "/var/run/docker.sock";
	if (strcmp(h->docker_socket, "/var/run/docker.sock") == 0 && strcmp(h->docker_socket, inside) == 0) {
		bind(list, "/var/run", "/var/run", RW);
		return;
	}
	bind(list, h->docker_socket, inside, RW);
}

static void bind_state(struct json_object *list, const struct host *h)
{
	bind(list, "/var/log/ecs", "/log", RW);
	bind(list, "/var/lib/ecs/data", "/data", RW);
	bind(list, "/etc/ecs", "/etc/ecs", RW);
	bind(list, "/var/cache/ecs", "/var/cache/ecs", RW);
	bind(list, "/sys/fs/cgroup", "/sys/fs/cgroup", RW);
	bind(list, "/var/lib/ecs", "/var/lib/ecs", RW);
	bind(list, "/var/log/ecs/exec", "/log/exec", RW);
	if (h->pki_dir)
		bind(list, h->pki_dir, h->pki_dir, RO);
	if (h->suse_certs) /* where /etc/ssl/certs leads to on SUSE */
		bind(list, "/var/lib/ca-certificates", "/var/lib/ca-certificates", RO);
	if (h->external)
		bind(list, "/root/.aws", "/rotatingcreds", RO);
}

static void bind_devices(struct json_object *list, const struct host *h, struct json_object *env)
{
	if (h->gpu_devices && h->gpu_dir && env_is(env, "ECS_ENABLE_GPU_SUPPORT", "true"))
		bind(list, "/var/lib/ecs/gpu", "/var/lib/ecs/gpu", RW);
	if (h->credentials_fetcher_there && env_is(env, "ECS_GMSA_SUPPORTED", "true"))
		bind(list, h->credentials_fetcher, h->credentials_fetcher, RW);
	bind(list, "/run/docker/plugins", "/run/docker/plugins", RO);
	if (h->plugins_etc)
		bind(list, "/etc/docker/plugins", "/etc/docker/plugins", RO);
	if (h->plugins_lib)
		bind(list, "/usr/lib/docker/plugins", "/usr/lib/docker/plugins", RO);
	if (h->deps_dir)
		bind(list, "/var/lib/ecs/deps", "/managed-agents", RO);
	if (h->exec_dir)
		bind(list, "/var/lib/ecs/deps/execute-command/config", "/managed-agents/execute-command/config", RW);
}

/* The agent runs the host's iptables, nsenter and modinfo. What a host lacks is left out: Docker would make empty folders of it. */
static void bind_tools(struct json_object *list, const struct host *h)
{
	bind(list, "/proc", "/host/proc", RO);
	bind(list, "/usr/lib", "/usr/lib", RO);
	bind(list, "/lib", "/lib", RO);
	if (h->usr_lib64)
		bind(list, "/usr/lib64", "/usr/lib64", RO);
	if (h->lib64)
		bind(list, "/lib64", "/lib64", RO);
	bind(list, "/sbin", "/host/sbin", RO);
	if (h->alternatives)
		bind(list, "/etc/alternatives", "/etc/alternatives", RO);
	bind(list, "/usr/sbin", "/usr/sbin", RO);
	if (h->lsblk)
		bind(list, "/usr/bin/lsblk", "/usr/bin/lsblk", RW);
	if (h->nsenter)
		bind(list, "/usr/bin/nsenter", "/usr/bin/nsenter", RW);
	if (h->modinfo)
		bind(list, h->modinfo, h->modinfo, RW);
	if (h->cloud_result && !h->external)
		bind(list, "/var/lib/cloud/data/result.json", "/var/lib/cloud/data/result.json", RO);
}

struct json_object *agent_binds(const struct host *h, struct json_object *env)
{
	struct json_object *list = json_object_new_array();

	bind_docker(list, h, env);
	bind_state(list, h);
	bind_devices(list, h, env);
	bind_tools(list, h);
	return list;
}
