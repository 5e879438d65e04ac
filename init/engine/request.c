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

/* The drivers that Docker has and the peer lets through; another word means json-file. */
static const char *log_driver(const struct host *h)
{
	static const char *const known[] = {
		"awslogs", "fluentd", "gelf", "json-file", "journald", "logentries", "syslog", "splunk",
	};
	struct view v;

	for (size_t i = 0; host_switch(h, "ECS_LOG_DRIVER", &v) && i < ARRAY_LEN(known); i++)
		if (view_is(v, known[i]))
			return known[i];
	return "json-file";
}

/* ECS_LOG_OPTS, if it is a JSON object of strings; NULL otherwise. */
static struct json_object *user_log_options(const struct host *h)
{
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err unused;
	struct view v;

	if (!host_switch(h, "ECS_LOG_OPTS", &v) || json_parse(v, &o, &at, &unused) < 0 || !json_object_is_type(o, json_type_object))
		return NULL;
	json_object_object_foreach(o, key, value) {
		(void) key;
		if (!json_object_is_type(value, json_type_string))
			return NULL;
	}
	return TAKE_PTR(o);
}

static void put_switch(struct json_object *o, const char *key, const struct host *h, const char *name, const char *fallback)
{
	char text[32];
	struct view v;

	if (!host_switch(h, name, &v) || v.len == 0 || v.len >= sizeof text)
		v = view_of(fallback);
	snprintf(text, sizeof text, "%.*s", VIEW_ARG(v, sizeof text));
	put(o, key, text);
}

struct json_object *agent_log_config(const struct host *h)
{
	struct json_object *o = json_object_new_object(), *options = user_log_options(h);
	const char *driver = log_driver(h);

	put(o, "Type", driver);
	if (!options)
		options = json_object_new_object();
	/* Bounded whatever the user left out: json-file without max-size fills the disk. */
	if (strcmp(driver, "json-file") == 0 && !json_object_object_get_ex(options, "max-size", NULL))
		put_switch(options, "max-size", h, "ECS_INIT_DOCKER_LOG_FILE_SIZE", "16m");
	if (strcmp(driver, "json-file") == 0 && !json_object_object_get_ex(options, "max-file", NULL))
		put_switch(options, "max-file", h, "ECS_INIT_DOCKER_LOG_FILE_NUM", "4");
	json_object_object_add(o, "Config", options);
	return o;
}

/* Made explicit what a daemon would give an old client such as the peer: IPC shareable, and on cgroup v1 the host's view. */
static struct json_object *host_config(const struct host *h, struct json_object *env)
{
	struct json_object *o = json_object_new_object(), *caps;

	json_object_object_add(o, "Binds", agent_binds(h, env));
	put(o, "NetworkMode", "host");
	put(o, "UsernsMode", "host");
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

/* ECS_AGENT_LABELS: a JSON object of strings; anything else gives none. */
static struct json_object *labels(struct json_object *env)
{
	const char *text = json_text(env, "ECS_AGENT_LABELS", NULL);
	struct json_object *o = NULL, *out = json_object_new_object();
	struct json_place at;
	struct err unused;

	if (text && json_parse(view_of(text), &o, &at, &unused) == 0 && json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value) {
			if (json_object_is_type(value, json_type_string))
				put(out, key, json_object_get_string(value));
		}
	}
	json_object_put(o);
	return out;
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

struct json_object *agent_request(const struct host *h, const char *image_id)
{
	AUTO_JSON *env = agent_environment(h);
	struct json_object *o = json_object_new_object(), *own_labels = labels(env);
	char sum[2 * SHA256_LEN + 1];

	put(o, "Image", AGENT_IMAGE);
	json_object_object_add(o, "Env", env_list(env));
	json_object_object_add(o, "Labels", own_labels);
	json_object_object_add(o, "HostConfig", host_config(h, env));
	hash(o, image_id, sum);
	put(own_labels, HASH_LABEL, sum);
	return o;
}
