#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "init/engine/container.h"
#include "init/engine/request.h"

static void put(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void put_bool(struct json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

static void put_security_option(struct json_object *o, const char *profile)
{
	struct json_object *list = json_object_new_array();
	char text[160];

	snprintf(text, sizeof text, "apparmor:%s", profile);
	json_object_array_add(list, json_object_new_string(text));
	json_object_object_add(o, "SecurityOpt", list);
}

/*
 * Made explicit what a daemon gives an old client such as the peer, and no longer a new one: shareable IPC below API 1.40,
 * on cgroup v1 the host's view below 1.41.
 */
static struct json_object *host_config(const struct host *h, struct json_object *env)
{
	struct json_object *o = json_object_new_object(), *caps;

	json_object_object_add(o, "Binds", agent_binds(h, env));
	put(o, "NetworkMode", "host");
	put(o, "UsernsMode", "host");
	if (h->api >= 140)
		put(o, "IpcMode", "shareable");
	if (!h->cgroup_v2 && h->api >= 141)
		put(o, "CgroupnsMode", "host");
	if (host_switch_bool(h, "ECS_AGENT_PID_NAMESPACE_HOST"))
		put(o, "PidMode", "host");
	if (!h->external) {
		caps = json_object_new_array();
		json_object_array_add(caps, json_object_new_string("NET_ADMIN"));
		json_object_array_add(caps, json_object_new_string("SYS_ADMIN"));
		json_object_object_add(o, "CapAdd", caps);
	}
	if (h->api >= 125)
		put_bool(o, "Init", true);
	if (host_switch_is_true(h, "ECS_AGENT_RUN_PRIVILEGED"))
		put_bool(o, "Privileged", true);
	if (h->apparmor[0])
		put_security_option(o, h->apparmor);
	json_object_object_add(o, "LogConfig", agent_log_config(h));
	return o;
}

static struct json_object *env_list(struct json_object *env)
{
	struct json_object *list = json_object_new_array();

	json_object_object_foreach(env, name, value) {
		AUTO_BUF line = { 0 };

		if (buf_printf(&line, "%s=", name) == 0 && buf_add(&line, json_object_get_string(value), (size_t) json_object_get_string_len(value)) == 0)
			json_object_array_add(list, json_object_new_string_len(line.p, (int) line.len));
	}
	return list;
}

static void hash(struct json_object *request, const char *image_id, char ret[2 * SHA256_LEN + 1])
{
	AUTO_BUF text = { 0 };
	unsigned char sum[SHA256_LEN];

	ret[0] = '\0'; /* without a hash nothing is ever adopted */
	if (buf_printf(&text, "%s%s", json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN), image_id) == 0 &&
	    sha256(buf_view(&text), sum) == 0)
		hex_of(sum, sizeof sum, ret);
}

static struct json_object *plain_request(const struct host *h)
{
	AUTO_JSON *env = agent_environment(h);
	struct json_object *o = json_object_new_object();

	put(o, "Image", AGENT_IMAGE);
	json_object_object_add(o, "Env", env_list(env));
	json_object_object_add(o, "Labels", agent_labels(env, NULL));
	json_object_object_add(o, "HostConfig", host_config(h, env));
	return o;
}

struct json_object *agent_request(const struct host *h, const char *image_id)
{
	struct json_object *o = plain_request(h), *labels = json_object_object_get(o, "Labels");
	struct host lasting = *h;
	AUTO_JSON *hashed = NULL;
	char sum[2 * SHA256_LEN + 1];

	/* It comes in the course of a boot: the agent that was started before is not to be replaced for it by the next supervisor. */
	lasting.cloud_result = false;
	hashed = plain_request(&lasting);
	hash(hashed, image_id, sum);
	put(labels, HASH_LABEL, sum);
	return o;
}
