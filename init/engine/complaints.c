#include <stdlib.h>
#include <string.h>

#include "common/keyval.h"
#include "common/parse.h"
#include "common/paths.h"
#include "init/engine/complaints.h"
#include "init/engine/request.h"

#define SAY(lines, ...) ((void) !buf_printf(lines, __VA_ARGS__))

static bool is_quoted(struct view v)
{
	return v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0];
}

static void look_at_pair(const char *path, const struct keyval *kv, struct buf *lines)
{
	const char *nul = memchr(kv->value.p, '\0', kv->value.len);

	if (!agent_takes(kv))
		SAY(lines, "%s:%u: %.*s is passed over: %s\n", path, kv->line, VIEW_ARG(kv->key, (size_t) 64),
		    nul ? "its value holds a NUL byte" : "no process can be given a variable so long");
	else if (is_quoted(kv->value))
		SAY(lines, "%s:%u: %.*s: the quotes belong to the value; the agent gets them too\n", path, kv->line,
		    VIEW_ARG(kv->key, (size_t) 64));
}

/* The first of the lines that say nothing stands for all of them. */
static void look_at_file(const char *path, struct view text, struct buf *lines)
{
	struct keyval kv = { .line = 0 };
	unsigned bad = 0, first = 0;
	enum keyval_kind kind;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		if (kind == KEYVAL_PAIR)
			look_at_pair(path, &kv, lines);
		if (kind != KEYVAL_NO_EQUALS && kind != KEYVAL_BAD_NAME)
			continue;
		first = bad++ ? first : kv.line;
	}
	if (bad)
		SAY(lines, "%s:%u: %u line%s passed over: not NAME=VALUE\n", path, first, bad, bad == 1 ? " is" : "s are");
}

static void look_at_bool(const struct host *h, const char *name, struct buf *lines)
{
	struct view v;
	bool unused;

	if (host_switch(h, name, &v) && v.len > 0 && parse_bool(v, &unused) < 0)
		SAY(lines, "%s: neither true nor false; false is used\n", name);
}

static void look_at_settings(const struct host *h, struct buf *lines)
{
	AUTO_JSON *env = agent_environment(h);
	bool good;

	json_object_put(agent_labels(env, &good));
	if (!good)
		SAY(lines, "ECS_AGENT_LABELS: not a JSON object of strings; what is none is left out\n");
	if (!agent_log_driver_known(h))
		SAY(lines, "ECS_LOG_DRIVER: no driver that is known here; json-file is used, without ECS_LOG_OPTS\n");
	else if (!agent_log_options_good(h))
		SAY(lines, "ECS_LOG_OPTS: not a JSON object of strings; it is not used\n");
	look_at_bool(h, "ECS_AGENT_PID_NAMESPACE_HOST", lines);
}

static void look_at_host(const struct host *h, struct buf *lines)
{
	struct view v;

	if (h->external && (!host_switch(h, "AWS_DEFAULT_REGION", &v) || v.len == 0))
		SAY(lines, "ECS_EXTERNAL is true, but AWS_DEFAULT_REGION is not set; the agent does not know its region\n");
	if (host_switch_is_true(h, "ECS_GMSA_SUPPORTED") && !h->domain_joined)
		SAY(lines, "ECS_GMSA_SUPPORTED is true, but 'realm list' names no domain that this host has joined\n");
	if (host_file_is(h, "ECS_GMSA_SUPPORTED", "true") && !h->credentials_fetcher_there)
		SAY(lines, "ECS_GMSA_SUPPORTED is true, but there is no credentials-fetcher socket '%s'\n", h->credentials_fetcher);
	if (!h->nsenter)
		SAY(lines, "there is no '/usr/bin/nsenter'; the agent cannot set up the network of awsvpc tasks\n");
}

void host_complaints(const struct host *h, struct buf *lines)
{
	lines->limit = lines->len + COMPLAINTS_MAX;
	look_at_file(PATH_INSTANCE_CONFIG, buf_view(&h->instance_config), lines);
	look_at_file(PATH_ECS_CONFIG, buf_view(&h->user_config), lines);
	look_at_settings(h, lines);
	look_at_host(h, lines);
}
