#include <errno.h>

#include "bootstrap/doctor.h"
#include "common/paths.h"

static void cluster(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->config.r == 0 && !f->boot.cluster_named)
		doctor_found(out, "no ecs.config names a cluster, so the agent %s 'default'", f->status.registered ? "has joined" : "will join");
}

static void config(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->config.r == -EACCES)
		doctor_skipped(out, "only root may read '%s'", PATH_ECS_CONFIG);
	else if (f->config.r < 0)
		doctor_found(out, "%s", f->config.why);
}

static void names(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->names.n; i++) {
		const struct finding *one = &f->names.list[i];

		doctor_found(out, "'%s', line %u: %s%s%s", PATH_ECS_CONFIG, one->at.line, one->path, one->path[0] ? ": " : "", one->text);
	}
}

static void user_data(const struct doctor_facts *f, struct doctor_report *out)
{
	unsigned n = f->user_data_errors + f->user_data_warnings;

	if (f->user_data.r != 0)
		doctor_skipped(out, "%s", f->user_data.why);
	else if (n > 0)
		doctor_found(out, "%u error%s and %u warning%s in the user data; the first: %s", f->user_data_errors, f->user_data_errors == 1 ? "" : "s",
			     f->user_data_warnings, f->user_data_warnings == 1 ? "" : "s", f->user_data_first);
}

const struct doctor_row *doctor_settings_rows(size_t *ret_n)
{
	static const struct doctor_row rows[] = {
		{ "config", config, "mend its owner or mode, or write it anew: systemctl restart ecs-bootstrap" },
		{ "cluster", cluster, "name it in the user data: { \"version\": 1, \"agent\": { \"ECS_CLUSTER\": \"NAME\" } }" },
		{ "config-lines", names, "mend the line, then: systemctl restart ecs; most come from a script in user data" },
		{ "user-data", user_data, "ecs-bootstrap check FILE shows them all; user data can be changed while the instance is stopped" },
	};

	*ret_n = ARRAY_LEN(rows);
	return rows;
}
