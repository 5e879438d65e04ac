#include <errno.h>

#include "bootstrap/daemon-json.h"
#include "bootstrap/efs-mounts.h"
#include "bootstrap/packages.h"
#include "bootstrap/proxy.h"
#include "bootstrap/sections.h"
#include "bootstrap/source.h"
#include "bootstrap/spot.h"
#include "bootstrap/starttasks.h"
#include "bootstrap/swap.h"
#include "bootstrap/task-roles.h"
#include "bootstrap/trunking.h"
#include "common/clock.h"

/* In order: what user data says, then the source, which is fetched through the proxy, then what is found out by itself. */
static const struct section {
	const char *key;
	derive_fn  *derive;
	apply_fn   *apply;
	bool        plans; /* apply heeds a->dry: it changes files by apply_write and apply_remove only */
} sections[] = {
	{ "proxy", proxy_derive, proxy_apply, true },
	{ "taskRoles", task_roles_derive, task_roles_apply, true },
	{ "spotDraining", spot_said, NULL, false },
	{ "agentConfigSource", source_derive, NULL, false },
	{ "spotDraining", spot_derive, NULL, false },
	{ "swap", NULL, swap_apply, false },
	{ "docker", NULL, daemon_json_apply, true },
	{ "eniTrunking", NULL, trunking_apply, false },
	{ "packages", NULL, packages_apply, false },
	{ "efs", NULL, efs_mounts_apply, false },
	{ "startTasks", NULL, starttasks_apply, true },
};

_Static_assert(ARRAY_LEN(sections) <= SECTIONS_MAX, "a report has a place for every section");

int sections_derive(const struct apply *a, struct settings *s, struct err *e)
{
	struct json_object *agent = settings_agent(s);

	if (!agent)
		return err_set(e, -ENOMEM, "read settings");
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		const struct section *c = &sections[i];

		if (c->derive && c->derive(a, settings_section(s, c->key), agent, e) < 0)
			return e->code; /* the sentence names the setting */
	}
	return 0;
}

size_t sections_apply(const struct apply *a, const struct settings *s, struct section_report ret[SECTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		const struct section *c = &sections[i];
		struct json_object *value;

		if (!c->apply || (a->dry && !c->plans))
			continue;
		value = settings_section(s, c->key);
		ret[n] = (struct section_report) { .key = c->key, .asked = value != NULL, .begin_ms = clock_ms() };
		ret[n].outcome = c->apply(a, value, &ret[n].e);
		ret[n++].end_ms = clock_ms();
	}
	return n;
}
