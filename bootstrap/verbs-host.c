#include <stdio.h>

#include "bootstrap/efs-mounts.h"
#include "bootstrap/packages.h"
#include "bootstrap/ready.h"
#include "bootstrap/verbs.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/steps.h"

#define STEP_PACKAGES   "packages"
#define STEP_EFS_MOUNTS "efs-mounts"

/* What the steps of packages and mounts end with; the single ones have files of their own, which `status` reads. */
static void note_end(int root, const char *name, long begin, int r, const struct err *e)
{
	if (r < 0)
		step_note(root, name, STEP_FAILED, begin, "%s", e->text);
	else if (r == PACKAGES_NOTHING)
		step_note(root, name, STEP_SKIPPED, begin, "there is nothing to do");
	else if (r == PACKAGES_MISSING)
		step_note(root, name, STEP_FAILED, begin, "some are missing");
	else
		step_note(root, name, STEP_DONE, begin, "all are there");
}

_Static_assert((int) PACKAGES_NOTHING == (int) EFS_NOTHING && (int) PACKAGES_MISSING == (int) EFS_MISSING, "note_end() is for both");

static void say_package(void *ctx, const char *name, enum package_outcome outcome, const struct err *why)
{
	(void) ctx;
	switch (outcome) {
	case PACKAGE_EARLIER:
		break;
	case PACKAGE_THERE:
		log_info("package '%s' is installed already", name);
		break;
	case PACKAGE_NOW:
		log_info("installed package '%s'", name);
		break;
	case PACKAGE_WAITS:
		log_warn("install package '%s': %s; trying again", name, why->text);
		break;
	case PACKAGE_GIVEN_UP:
		log_error("install package '%s': %s", name, why->text);
		break;
	}
}

/* systemd is told in any case: what comes after must not wait for a package that cannot be had. */
int run_packages(const struct options *o)
{
	const struct packages p = { .root = o->root_fd, .timeout_ms = o->timeout_s * 1000, .tell = say_package };
	long begin = clock_ms();
	struct err e;
	int r;

	if (has_arguments(o, "packages"))
		return EXIT_USAGE;
	step_note(o->root_fd, STEP_PACKAGES, STEP_RUNNING, begin, "installing");
	ready_within(o->ready_after_s * 1000);
	r = packages_run(&p, &e);
	ready_now();
	note_end(o->root_fd, STEP_PACKAGES, begin, r, &e);
	if (r < 0)
		log_error("%s", e.text);
	return r < 0 || r == PACKAGES_MISSING ? EXIT_FAILED : EXIT_DONE;
}

static void say_mount(void *ctx, const char *mount_point, enum efs_outcome outcome, const struct err *why)
{
	(void) ctx;
	if (outcome == EFS_MOUNTED)
		log_info("EFS is mounted at '%s'", mount_point);
	else if (outcome == EFS_WAITS)
		log_warn("%s; trying again", why->text);
	else
		log_error("%s", why->text);
}

int run_efs_mounts(const struct options *o)
{
	const struct efs_watch w = { .root = o->root_fd, .timeout_ms = o->timeout_s * 1000, .tell = say_mount };
	long begin = clock_ms();
	struct err e;
	int r;

	if (has_arguments(o, "efs-mounts"))
		return EXIT_USAGE;
	step_note(o->root_fd, STEP_EFS_MOUNTS, STEP_RUNNING, begin, "waiting for the mounts");
	r = efs_mounts_watch(&w, &e);
	note_end(o->root_fd, STEP_EFS_MOUNTS, begin, r, &e);
	if (r < 0)
		log_error("%s", e.text);
	return r < 0 || r == EFS_MISSING ? EXIT_FAILED : EXIT_DONE;
}
