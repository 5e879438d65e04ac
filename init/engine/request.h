/* Facts -> the body of POST /containers/create for the agent. Pure: the same facts give the same bytes, and so the same hash. */
#ifndef INIT_ENGINE_REQUEST_H
#define INIT_ENGINE_REQUEST_H

#include "common/err.h"
#include "common/json.h"
#include "common/keyval.h"
#include "init/engine/host.h"

enum {
	ENV_NAME_MAX = 255,
	ENV_VALUE_MAX = 128 * 1024 - 1 - ENV_NAME_MAX - 2, /* the kernel's MAX_ARG_STRLEN, which NAME=VALUE and its NUL must fit into */
};

/* Whether a pair of an env file can be handed to a process. Pure. */
bool agent_takes(const struct keyval *kv);

/* The agent's environment as an object NAME -> value: defaults, then the env files, then what is forced. The caller puts it. */
struct json_object *agent_environment(const struct host *h);

/* "source:destination[:ro]" in the peer's order. The caller puts it. */
struct json_object *agent_binds(const struct host *h, struct json_object *env);

/* The log driver and its options for the agent's own container. The caller puts it. */
struct json_object *agent_log_config(const struct host *h);
bool agent_log_driver_known(const struct host *h);  /* ECS_LOG_DRIVER is absent or one of Docker's */
bool agent_log_options_good(const struct host *h);  /* ECS_LOG_OPTS is absent or an object of strings */

/* ECS_AGENT_LABELS: the strings in a JSON object. *ret_good (may be NULL): it holds nothing else. The caller puts it. */
struct json_object *agent_labels(struct json_object *env, bool *ret_good);

/*
 * The whole request. Its hash, over the request (but cloud-init's result) and the id of the image, goes into the label
 * HASH_LABEL: a running agent with the same hash is what we would start. NULL only when memory is short; the caller puts it.
 */
struct json_object *agent_request(const struct host *h, const char *image_id);

#endif
