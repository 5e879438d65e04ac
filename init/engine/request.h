/* Facts -> the body of POST /containers/create for the agent. Pure: the same facts give the same bytes, and so the same hash. */
#ifndef INIT_ENGINE_REQUEST_H
#define INIT_ENGINE_REQUEST_H

#include "common/err.h"
#include "common/json.h"
#include "init/engine/host.h"

/* The agent's environment as an object NAME -> value: defaults, then the env files, then what is forced. The caller puts it. */
struct json_object *agent_environment(const struct host *h);

/* "source:destination[:ro]" in the peer's order. The caller puts it. */
struct json_object *agent_binds(const struct host *h, struct json_object *env);

/* The log driver and its options for the agent's own container. The caller puts it. */
struct json_object *agent_log_config(const struct host *h);

/*
 * The whole request. Its hash, over the request and the id of the image, goes into the label HASH_LABEL: a running agent
 * with the same hash is what we would start. NULL only when memory is short; the caller puts it.
 */
struct json_object *agent_request(const struct host *h, const char *image_id);

#endif
