#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "bootstrap/doctor-look.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/paths.h"
#include "common/spawn.h"

enum { ASK_MS = 5000, SAID_MAX = 131072 };

/* ---- units */

static bool lists(struct view words, const char *word)
{
	while (words.len > 0)
		if (view_is(view_cut(&words, ' '), word))
			return true;
	return false;
}

static void copy(struct view block, const char *key, char *to, size_t size)
{
	struct view v = { "", 0 };

	(void) keyval_find(block, key, &v);
	status_clean(v, to, size);
}

static void read_unit(struct view block, struct doctor_facts *f)
{
	struct doctor_unit u = { .job = false };
	struct view after = { "", 0 }, job = { "", 0 };

	copy(block, "Id", u.name, sizeof u.name);
	copy(block, "LoadState", u.load, sizeof u.load);
	copy(block, "UnitFileState", u.file_state, sizeof u.file_state);
	copy(block, "FragmentPath", u.fragment, sizeof u.fragment);
	(void) keyval_find(block, "After", &after);
	(void) keyval_find(block, "Job", &job);
	u.after_cloud_init = lists(after, "cloud-final.service") || lists(after, "cloud-init.target");
	u.job = job.len > 0 && !view_is(job, "0");
	if (u.name[0] && u.load[0] && f->n_units < DOCTOR_UNITS_MAX)
		f->units[f->n_units++] = u;
}

void doctor_read_units(struct view shown, struct doctor_facts *f)
{
	while (shown.len > 0) {
		const char *end = memmem(shown.p, shown.len, "\n\n", 2);
		size_t n = end ? (size_t) (end - shown.p) : shown.len, step = end ? n + 2 : n;

		read_unit((struct view) { shown.p, n }, f);
		shown.p += step;
		shown.len -= step;
	}
}

static void ask_systemd(struct doctor_facts *f)
{
	static const char *const argv[] = {
		"systemctl", "show", "-p", "Id", "-p", "LoadState", "-p", "UnitFileState", "-p", "FragmentPath", "-p", "After", "-p", "Job",
		"ecs-bootstrap.service", "ecs-after-user-data.service", "docker.service", "ecs.service", NULL,
	};
	AUTO_BUF out = { .limit = SAID_MAX }, errors = { .limit = 4096 };
	struct err unused;
	int status;

	if (spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = ASK_MS }, &status, &out, &errors, &unused) == 0)
		doctor_read_units(buf_view(&out), f);
}

/* ---- who else brings an agent: AWS's own package, by the database that there is */

void doctor_read_packages(struct view said, struct doctor_facts *f)
{
	static const char *const names[] = { "amazon-ecs-init", "ecs-init" };
	struct view line;

	while (view_line(&said, &line))
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (view_starts(line, "ii ") && view_is((struct view) { line.p + 3, line.len - 3 }, names[i]))
				snprintf(f->foreign_package, sizeof f->foreign_package, "%s", names[i]);
}

/* Both are made to write a line "ii NAME" for what is installed, whatever else they say. */
static void ask_packages(int root, struct doctor_facts *f)
{
	static const char *const dpkg_argv[] = { "dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Package}\\n", "amazon-ecs-init", NULL };
	static const char *const rpm_argv[] = { "rpm", "-q", "--queryformat", "ii %{NAME}\\n", "amazon-ecs-init", "ecs-init", NULL };
	bool dpkg = file_exists(root, "/usr/bin/dpkg-query");
	AUTO_BUF out = { .limit = 4096 }, errors = { .limit = 4096 };
	struct err unused;
	int status;

	if (!dpkg && !file_exists(root, "/usr/bin/rpm"))
		return;
	if (spawn_run(&(struct spawn) { .argv = dpkg ? dpkg_argv : rpm_argv, .deadline_ms = ASK_MS }, &status, &out, &errors, &unused) == 0)
		doctor_read_packages(buf_view(&out), f);
}

/* ---- cloud-init */

static void look_at_cloud_init(int root, struct doctor_facts *f)
{
	struct err e;
	int r = after_look_errors(root, &f->cloud, &e);

	after_look(root, &f->boot);
	if (r == FILE_ABSENT)
		doctor_unasked(&f->cloud_result, "cloud-init has not ended, or does not run");
	else
		doctor_answered(&f->cloud_result, r, &e);
}

/* ---- disks */

static void look_at_disk(int root, const char *path, struct doctor_disk *ret)
{
	AUTO_FD fd = file_open(root, path, O_PATH | O_DIRECTORY, 0);
	struct statvfs v;

	*ret = (struct doctor_disk) { .path = path };
	if (fd < 0 || fstatvfs(fd, &v) < 0)
		return;
	ret->known = true;
	ret->size = (uint64_t) v.f_blocks * v.f_frsize;
	ret->free = (uint64_t) v.f_bavail * v.f_frsize;
	ret->files = v.f_files;
	ret->files_free = v.f_favail;
}

void doctor_look_host(int root, struct doctor_facts *f)
{
	static const char *const disks[DOCTOR_DISKS] = { "/var/lib/docker", PATH_CACHE_DIR };

	if (f->status.live)
		ask_systemd(f);
	ask_packages(root, f);
	look_at_cloud_init(root, f);
	for (size_t i = 0; i < DOCTOR_DISKS; i++)
		look_at_disk(root, disks[i], &f->disks[i]);
}
