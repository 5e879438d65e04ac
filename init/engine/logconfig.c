/* What Docker does with the agent's own output, and the labels of its container. Names and defaults are those of Amazon's ecs-init 1.105. */
#include <stdio.h>
#include <string.h>

#include "init/engine/request.h"

static void put(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

/* NULL: a word that is no driver of Docker's, or none that the peer lets through. */
static const char *log_driver(const struct host *h)
{
	static const char *const known[] = {
		"awslogs", "fluentd", "gelf", "json-file", "journald", "logentries", "syslog", "splunk",
	};
	struct view v;

	if (!host_switch(h, "ECS_LOG_DRIVER", &v) || v.len == 0)
		return "json-file";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (view_is(v, known[i]))
			return known[i];
	return NULL;
}

/* ECS_LOG_OPTS, if it is a JSON object of strings; NULL otherwise. */
static struct json_object *user_options(const struct host *h)
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

bool agent_log_driver_known(const struct host *h)
{
	return log_driver(h) != NULL;
}

bool agent_log_options_good(const struct host *h)
{
	AUTO_JSON *o = user_options(h);
	struct view v;

	return o || !host_switch(h, "ECS_LOG_OPTS", &v) || v.len == 0;
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

/* The options belong to the driver: with an unknown one they are dropped, as json-file would refuse them. */
struct json_object *agent_log_config(const struct host *h)
{
	struct json_object *o = json_object_new_object(), *options = NULL;
	const char *driver = log_driver(h);

	if (driver)
		options = user_options(h);
	else
		driver = "json-file";
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

struct json_object *agent_labels(struct json_object *env, bool *ret_good)
{
	const char *text = json_text(env, "ECS_AGENT_LABELS", NULL);
	struct json_object *out = json_object_new_object();
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err unused;
	bool good = !text || !text[0];

	if (!good && json_parse(view_of(text), &o, &at, &unused) == 0 && json_object_is_type(o, json_type_object)) {
		good = true;
		json_object_object_foreach(o, key, value) {
			if (json_object_is_type(value, json_type_string))
				put(out, key, json_object_get_string(value));
			else
				good = false;
		}
	}
	if (ret_good)
		*ret_good = good;
	return out;
}
