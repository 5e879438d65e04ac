/* The two env files as anybody may leave them, with a NUL byte between them: what the agent is given can be given to a process. */
#include <string.h>

#include "common/parse.h"
#include "init/engine/complaints.h"
#include "init/engine/request.h"
#include "tests/fuzz/fuzz.h"

static void check_environment(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *text = json_object_get_string(o), *equals = strchr(text, '=');
		size_t len = (size_t) json_object_get_string_len(o);

		if (strlen(text) != len || len >= 128 * 1024 || !equals || !is_identifier((struct view) { text, (size_t) (equals - text) }))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *cut = len ? memchr(data, '\0', len) : NULL;
	size_t first = cut ? (size_t) (cut - data) : len, second = cut ? first + 1 : len;
	AUTO_HOST h = { .api = 141, .docker_socket = "/var/run/docker.sock", .os_family = "linux" };
	AUTO_BUF lines = { 0 };
	AUTO_JSON *o = NULL;
	struct json_object *env;

	if (buf_add(&h.instance_config, data, first) < 0 || buf_add(&h.user_config, data + second, len - second) < 0)
		return 0;
	o = agent_request(&h, "sha256:1");
	if (json_get(o, json_type_array, &env, "Env", NULL) < 0 || !json_text(o, "Labels", "ecs-bootstrap.request-sha256", NULL))
		abort();
	check_environment(env);
	host_complaints(&h, &lines);
	if (lines.len > COMPLAINTS_MAX)
		abort();
	return 0;
}
