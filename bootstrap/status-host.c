#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/efs-mounts.h"
#include "bootstrap/kept.h"
#include "bootstrap/packages.h"
#include "bootstrap/status-host.h"
#include "bootstrap/trunk-host.h"
#include "bootstrap/trunk-limits.h"
#include "common/file.h"
#include "common/imds.h"
#include "common/keyval.h"
#include "common/paths.h"
#include "common/sibling.h"
#include "common/spawn.h"

enum { SYSTEMCTL_MS = 5000, NETCONF_MS = 5000, ASK_MS = 1000, IMDS_MS = 1000, SAID_MAX = 65536 };

/* ---- units */

static void copy(struct view block, const char *key, char *to, size_t size)
{
	struct view v = { "", 0 };

	(void) keyval_find(block, key, &v);
	status_clean(v, to, size);
}

static void read_unit(struct view block, struct status *s)
{
	struct status_unit u = { .bad = false };
	char load[32];

	copy(block, "Id", u.name, sizeof u.name);
	copy(block, "LoadState", load, sizeof load);
	copy(block, "ActiveState", u.active, sizeof u.active);
	copy(block, "SubState", u.sub, sizeof u.sub);
	copy(block, "Result", u.result, sizeof u.result);
	copy(block, "StatusText", u.says, sizeof u.says);
	if (!u.name[0] || !u.active[0] || s->n_units == STATUS_UNITS_MAX)
		return;
	if (strcmp(load, "loaded") != 0)
		snprintf(u.sub, sizeof u.sub, "%.*s", (int) sizeof u.sub - 1, load);
	u.bad = strcmp(u.active, "failed") == 0;
	s->units[s->n_units++] = u;
}

void status_read_units(struct view shown, struct status *s)
{
	while (shown.len > 0) {
		const char *end = memmem(shown.p, shown.len, "\n\n", 2);
		size_t n = end ? (size_t) (end - shown.p) : shown.len, step = end ? n + 2 : n;

		read_unit((struct view) { shown.p, n }, s);
		shown.p += step;
		shown.len -= step;
	}
}

static void ask_systemd(struct status *s)
{
	static const char *const argv[] = {
		"systemctl", "show", "-p", "Id", "-p", "LoadState", "-p", "ActiveState", "-p", "SubState", "-p", "Result", "-p", "StatusText",
		"ecs-bootstrap.service", "ecs-packages.service", "ecs-efs-mounts.service", "docker.service", "ecs-prepare.service",
		"ecs-after-user-data.service", "ecs.service", "ecs-start-tasks.service", "amazon-ecs-volume-plugin.service", NULL,
	};
	AUTO_BUF out = { .limit = SAID_MAX }, errors = { .limit = 4096 };
	struct err unused;
	int status;

	if (spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = SYSTEMCTL_MS }, &status, &out, &errors, &unused) == 0)
		status_read_units(buf_view(&out), s);
}

/* ---- rules */

/* It stands in libexec, or beside us where nothing is installed. */
static bool find_netconf(char ret[PATH_MAX])
{
	static const char *const places[] = { "../libexec/ecs-netconf", "ecs-netconf" };
	struct err unused;

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (sibling(places[i], ret, PATH_MAX, &unused) == 0 && access(ret, X_OK) == 0)
			return true;
	return false;
}

/* "# backend: NAME" comes first, then a line for each difference. */
static void read_check(struct view said, int status, struct status *s)
{
	struct view line, backend = { "", 0 }, first = { "", 0 };
	char text[STATUS_TEXT_SIZE];
	unsigned n = 0;

	while (view_line(&said, &line)) {
		if (view_starts(line, "# backend: "))
			backend = (struct view) { line.p + 11, line.len - 11 };
		else if (view_trim(line).len > 0 && n++ == 0)
			first = line;
	}
	s->rules = backend.len == 0 ? STATUS_RULES_UNKNOWN : status == 0 ? STATUS_RULES_SAME : STATUS_RULES_DIFFER;
	if (s->rules == STATUS_RULES_DIFFER)
		snprintf(text, sizeof text, "%u difference%s: %.*s", n, n == 1 ? "" : "s", VIEW_ARG(first, (size_t) 400));
	else
		snprintf(text, sizeof text, "%.*s", VIEW_ARG(backend, (size_t) 400));
	status_clean(view_of(text), s->rules_say, sizeof s->rules_say);
}

static void ask_netconf(int root, const char *root_name, struct status *s)
{
	char path[PATH_MAX];
	const char *argv[] = { path, "check", root_name ? "--root" : NULL, root_name, NULL };
	AUTO_BUF out = { .limit = SAID_MAX }, errors = { .limit = 4096 };
	struct view words, line = { "", 0 };
	struct err e;
	int status;

	if (geteuid() != 0)
		s->partial = true;
	if (geteuid() != 0 || !file_exists(root, PATH_NETCONF_STATE) || !find_netconf(path))
		return;
	if (spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = NETCONF_MS, .group = true }, &status, &out, &errors, &e) < 0) {
		s->rules = STATUS_RULES_UNKNOWN;
		status_clean(view_of(e.text), s->rules_say, sizeof s->rules_say);
		return;
	}
	read_check(buf_view(&out), status, s);
	words = buf_view(&errors);
	if (s->rules == STATUS_RULES_UNKNOWN && view_line(&words, &line))
		status_clean(line, s->rules_say, sizeof s->rules_say);
}

/* ---- packages and mounts, each by its name */

static const char *result_of(const char *state)
{
	static const struct {
		const char      *state;
		enum step_result result;
	} known[] = { { "installed", STEP_DONE }, { "mounted", STEP_DONE }, { "waiting", STEP_WAITING }, { "failed", STEP_FAILED } };

	for (size_t i = 0; state && i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].state, state) == 0)
			return step_word(known[i].result);
	return "unknown";
}

static void add_each(struct json_object *results, const char *kind, bool (*wanted)(void *ctx, const char *name), void *ctx, struct status *s)
{
	json_object_object_foreach(results, name, value)
	{
		const char *cause = json_text(value, "cause", NULL);
		char text[sizeof s->rows[0].name];

		snprintf(text, sizeof text, "%s %.80s", kind, name);
		if (wanted(ctx, name) && !status_add(s, view_of(text), result_of(json_text(value, "state", NULL)), view_of(cause ? cause : "")))
			return;
	}
}

/* A document, or NULL where there is none, it is empty, or may not be read. */
static struct json_object *document(int root, const char *path, struct status *s)
{
	AUTO_JSON *doc = NULL;
	struct err e;

	if (!file_exists(root, path))
		return NULL;
	if (kept_read(root, path, &doc, &e) < 0) {
		s->partial = true;
		return NULL;
	}
	return json_object_object_length(doc) > 0 ? TAKE_PTR(doc) : NULL;
}

struct lists {
	struct json_object *packages; /* the array; NULL: there is none */
	bool                efs;      /* it needs one more, which is in no list */
};

static bool is_listed(void *ctx, const char *name)
{
	const struct lists *l = ctx;

	for (size_t i = 0; l->packages && i < json_object_array_length(l->packages); i++) {
		struct json_object *one = json_object_array_get_idx(l->packages, i);

		if (json_object_is_type(one, json_type_string) && strcmp(json_object_get_string(one), name) == 0)
			return true;
	}
	return l->efs;
}

static void add_packages(int root, struct status *s)
{
	AUTO_JSON *list = document(root, PATH_PACKAGES, s);
	AUTO_JSON *state = NULL;
	struct lists lists = { .efs = file_exists(root, PATH_EFS_MOUNTS) };
	struct json_object *results;

	if (!list && !lists.efs)
		return;
	if (list && json_get(list, json_type_array, &lists.packages, "packages", NULL) < 0)
		lists.packages = NULL;
	state = document(root, PATH_PACKAGES_STATE, s);
	if (state && json_get(state, json_type_object, &results, "packages", NULL) == 0)
		add_each(results, "package", is_listed, &lists, s);
}

static bool any(void *ctx, const char *name)
{
	(void) ctx;
	(void) name;
	return true;
}

static void add_mounts(int root, struct status *s)
{
	AUTO_JSON *results = file_exists(root, PATH_EFS_MOUNTS) ? document(root, PATH_EFS_RESULTS, s) : NULL;

	if (results)
		add_each(results, "mount", any, NULL, s);
}

/* ---- the agent */

static void ask_agent(struct status *s)
{
	struct err e;

	s->registered = wait_ask(ASK_MS, &s->agent, &e) == 0;
	(void) status_add(s, view_of("registered"), step_word(s->registered ? STEP_DONE : STEP_WAITING),
			  view_of(s->registered ? s->agent.instance : e.text));
}

static void add_hint(int root, struct status *s)
{
	AUTO_IMDS *imds = NULL;
	AUTO_BUF text = { .limit = 64 };
	struct trunk_limits limits;
	struct err unused;
	char type[40];

	if (!file_exists(root, PATH_TRUNK_MODULES) || imds_open(IMDS_MS, &imds, &unused) != 0 ||
	    imds_get(imds, "meta-data/instance-type", sizeof type - 1, &text, &unused) != 0)
		return;
	status_clean(view_trim(buf_view(&text)), type, sizeof type);
	switch (trunk_limits(type, &limits)) {
	case 0:
		snprintf(s->hint, sizeof s->hint, "%s: %u tasks with trunking, %u without", type, limits.with, limits.without);
		break;
	case TRUNK_NEVER:
		snprintf(s->hint, sizeof s->hint, "%s is not known to trunk", type);
		break;
	default:
		break;
	}
}

void status_look(int root, const char *root_name, struct status *s)
{
	add_packages(root, s);
	add_mounts(root, s);
	s->live = dir_exists(root, "/run/systemd/system"); /* as sd_booted(3) finds out */
	if (!s->live)
		return;
	ask_systemd(s);
	ask_netconf(root, root_name, s);
	ask_agent(s);
	add_hint(root, s);
}
