#include <stdlib.h>
#include <string.h>

#include "bootstrap/doctor.h"

static void records(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->status.n_recorded == 0)
		doctor_found(out, "no step of this boot is written down: ecs-bootstrap.service has not run");
}

static void steps(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->status.n_rows; i++) {
		const struct status_row *row = &f->status.rows[i];

		if (row->bad)
			doctor_found(out, "step '%s': %s%s%s", row->name, row->result, row->cause[0] ? ": " : "", row->cause);
	}
}

/* A record that waits; "registered" is no record, but what the agent says. */
static void waiting(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->status.n_recorded; i++) {
		const struct status_row *row = &f->status.rows[i];

		if (strcmp(row->result, step_word(STEP_WAITING)) == 0)
			doctor_found(out, "step '%s' has been waiting for %ld s: %s", row->name, row->took_ms / 1000, row->cause);
	}
}

static void unit_failed(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->status.n_units; i++) {
		const struct status_unit *u = &f->status.units[i];

		if (u->bad)
			doctor_found(out, "%s has failed (%s)%s%s", u->name, u->result[0] ? u->result : u->sub, u->says[0] ? ": " : "", u->says);
	}
}

static void unit_masked(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (strcmp(f->units[i].load, "masked") == 0)
			doctor_found(out, "%s is masked: nothing can start it", f->units[i].name);
}

static void unit_missing(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (strcmp(f->units[i].load, "not-found") == 0)
			doctor_found(out, "there is no %s", f->units[i].name);
}

/* Docker may be started by its socket, and ecs.service by the unit that waits for user data. */
static void unit_disabled(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < f->n_units; i++) {
		const struct doctor_unit *u = &f->units[i];

		if (strcmp(u->file_state, "disabled") == 0 && (strcmp(u->name, "ecs-bootstrap.service") == 0 || strcmp(u->name, "ecs-after-user-data.service") == 0))
			doctor_found(out, "%s is disabled: no boot starts it", u->name);
	}
}

static const struct doctor_unit *unit(const struct doctor_facts *f, const char *name)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (strcmp(f->units[i].name, name) == 0)
			return &f->units[i];
	return NULL;
}

/* What is ours came with the rest of us, into one folder. */
static void foreign_unit(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_unit *agent = unit(f, "ecs.service"), *ours = unit(f, "ecs-bootstrap.service");
	const char *a = agent ? strrchr(agent->fragment, '/') : NULL, *b = ours ? strrchr(ours->fragment, '/') : NULL;

	if (a && b && (a - agent->fragment != b - ours->fragment || strncmp(agent->fragment, ours->fragment, (size_t) (a - agent->fragment)) != 0))
		doctor_found(out, "ecs.service is not the one that came with ecs-bootstrap, but '%s'", agent->fragment);
}

static void foreign_package(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->foreign_package[0])
		doctor_found(out, "the package '%s' is installed too: two supervisors take the agent's container from each other", f->foreign_package);
}

static bool cloud_init_works(const struct doctor_facts *f)
{
	return f->boot.cloud_init_here && !f->boot.cloud_init_finished;
}

static void deadlock(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_unit *agent = unit(f, "ecs.service");

	if (!agent)
		return;
	if (agent->after_cloud_init)
		doctor_found(out, "ecs.service is ordered behind cloud-init's last stage: 'systemctl start ecs' in user data waits for itself");
	else if (agent->job && cloud_init_works(f))
		doctor_found(out, "somebody waits for ecs.service to start while user data still runs; if that is user data, it waits for as long as the agent does");
}

static void cloud_failed(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->cloud_result.r < 0)
		doctor_found(out, "%s", f->cloud_result.why);
	else if (f->cloud_result.r == 0 && f->cloud.n > 0)
		doctor_found(out, "cloud-init had %zu error%s%s%s", f->cloud.n, f->cloud.n == 1 ? "" : "s", f->cloud.first[0] ? ", the first in its module " : "", f->cloud.first);
}

static void cloud_running(const struct doctor_facts *f, struct doctor_report *out)
{
	if (cloud_init_works(f) && !f->boot.nothing_for_cloud_init)
		doctor_found(out, "cloud-init still works off the user data, and the agent is not started before that is done");
}

/* 500 MiB: what a new image of the agent takes, packed and unpacked. */
static void disk(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < DOCTOR_DISKS; i++) {
		const struct doctor_disk *d = &f->disks[i];

		if (!d->known)
			continue;
		if (d->free < UINT64_C(500) << 20 || d->free < d->size / 50)
			doctor_found(out, "'%s' has only %llu MiB left of %llu MiB", d->path, (unsigned long long) (d->free >> 20), (unsigned long long) (d->size >> 20));
		else if (d->files > 0 && d->files_free < d->files / 50)
			doctor_found(out, "'%s' has place for only %llu more files of %llu", d->path, (unsigned long long) d->files_free, (unsigned long long) d->files);
	}
}

static void rules(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->status.rules == STATUS_RULES_DIFFER)
		doctor_found(out, "the rules by which tasks reach the agent are not as they should be: %s", f->status.rules_say);
	else if (f->status.rules == STATUS_RULES_UNKNOWN)
		doctor_skipped(out, "%s", f->status.rules_say);
	else if (f->status.rules == STATUS_RULES_UNASKED && !f->root && f->status.live)
		doctor_skipped(out, "only root is shown the rules");
}

const struct doctor_row *doctor_host_rows(size_t *ret_n)
{
	static const struct doctor_row rows[] = {
		{ "records", records, "systemctl enable --now ecs-bootstrap.service; in an image: ecs-bootstrap bake" },
		{ "step", steps, "mend what it says, then: systemctl restart ecs-bootstrap ecs; 'ecs-bootstrap status' shows all steps" },
		{ "waiting", waiting, "it goes on by itself once that is there" },
		{ "unit-failed", unit_failed, "journalctl -b -u UNIT says why; then: systemctl restart UNIT" },
		{ "unit-masked", unit_masked, "systemctl unmask UNIT" },
		{ "unit-missing", unit_missing, "install the package that brings it, ecs-bootstrap or Docker, then: systemctl daemon-reload" },
		{ "unit-disabled", unit_disabled, "systemctl enable ecs.service, which brings the others along" },
		{ "foreign-unit", foreign_unit, "remove that file, then: systemctl daemon-reload; systemctl restart ecs" },
		{ "foreign-package", foreign_package, "remove that package, then: systemctl restart ecs" },
		{ "deadlock", deadlock, "leave the start out of user data, the agent starts by itself once that is done, or write 'systemctl start --no-block ecs'; "
					"remove drop-ins with After=cloud-final.service" },
		{ "cloud-init", cloud_failed, "cloud-init status --long, and /var/log/cloud-init-output.log" },
		{ "cloud-init-runs", cloud_running, "wait; /var/log/cloud-init-output.log shows what it is at; a script that never ends keeps the agent away" },
		{ "disk", disk, "docker system prune, or a larger volume" },
		{ "rules", rules, "systemctl restart ecs, or /usr/libexec/ecs-netconf apply; then look for who changes them" },
	};

	*ret_n = ARRAY_LEN(rows);
	return rows;
}
