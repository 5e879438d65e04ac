#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/after.h"
#include "bootstrap/late.h"
#include "bootstrap/starttasks.h"
#include "bootstrap/verbs.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/spawn.h"
#include "common/steps.h"

#define STEP_CLOUD_INIT  "cloud-init"
#define STEP_LATE_CHECK  "late-check"
#define STEP_START_TASKS "start-tasks"

enum {
	REMIND_MS = 5 * 60 * 1000, /* a wait that lasts says so every five minutes */
	APPLY_MS = 310000,         /* ecs-bootstrap.service has 300 s, then systemd ends it */
	RETRY_LONGEST = 10,        /* times the first pause */
	LOOK_MS = 1000,
};

static void say_late(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		log_warn("check '%s', line %u: %s%s%s", PATH_ECS_CONFIG, f->list[i].at.line, f->list[i].path,
			 f->list[i].path[0] ? ": " : "", f->list[i].text);
}

int run_late(const struct options *o)
{
	AUTO_FINDINGS found = { .n = 0 };
	struct err e;

	if (has_arguments(o, "late-check"))
		return EXIT_USAGE;
	if (late_run(o->root_fd, &found, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	say_late(&found);
	return found.n > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* Once for each boot and each state of the file; whatever it finds, the agent starts. */
static void check_late(int root)
{
	AUTO_FINDINGS found = { .n = 0 };
	long begin = clock_ms();
	struct err e;
	int r = late_run(root, &found, &e);

	if (r < 0)
		log_warn("%s", e.text);
	if (r == 0)
		say_late(&found);
	if (r < 0)
		step_note(root, STEP_LATE_CHECK, STEP_WARNED, begin, "%s", e.text);
	else if (found.n > 0)
		step_note(root, STEP_LATE_CHECK, STEP_WARNED, begin, "%zu finding%s in '%s'; the first: line %u: %s%s%s", found.n, found.n == 1 ? "" : "s",
			  PATH_ECS_CONFIG, found.list[0].at.line, found.list[0].path, found.list[0].path[0] ? ": " : "", found.list[0].text);
	else
		step_note(root, STEP_LATE_CHECK, STEP_DONE, begin, "nothing is odd in '%s'", PATH_ECS_CONFIG);
}

/* A script that ended half way has no other voice: its unit failed, and the agent runs with what the script did before. */
static void note_errors(int root, long begin)
{
	struct after_errors errors;
	struct err unused;
	char where[AFTER_MODULE_SIZE + 32] = "";

	if (after_look_errors(root, &errors, &unused) != 0 || errors.n == 0) {
		step_note(root, STEP_CLOUD_INIT, STEP_DONE, begin, "it has worked off the user data");
		return;
	}
	if (errors.first[0])
		snprintf(where, sizeof where, ", the first in its module '%s'", errors.first);
	step_note(root, STEP_CLOUD_INIT, STEP_WARNED, begin, "it has worked off the user data with %zu error%s%s", errors.n, errors.n == 1 ? "" : "s", where);
	log_warn("cloud-init worked off the user data with %zu error%s%s; the agent starts with the ecs.config that is there; see '%s'", errors.n,
		 errors.n == 1 ? "" : "s", where, PATH_CLOUD_OUTPUT);
}

static void note_wait(int root, const struct after_facts *f, long begin)
{
	if (after_judge(f) == AFTER_WITHHOLD)
		step_note(root, STEP_CLOUD_INIT, STEP_FAILED, begin, "the agent is not started: user data was refused (see user-data) and no ecs.config names a cluster");
	else if (!f->cloud_init_here)
		step_note(root, STEP_CLOUD_INIT, STEP_SKIPPED, begin, "it does not run on this boot");
	else if (!f->cloud_init_finished)
		step_note(root, STEP_CLOUD_INIT, STEP_SKIPPED, begin, "nothing in the user data is for cloud-init");
	else
		note_errors(root, begin);
}

static int wait_for_cloud_init(int root, long begin)
{
	struct err e;

	step_note(root, STEP_CLOUD_INIT, STEP_WAITING, begin, "'%s' is not there yet", PATH_CLOUD_RESULT);
	log_info("waiting for cloud-init to work off the user data ('%s' is not there yet)", PATH_CLOUD_RESULT);
	if (after_wait(root, REMIND_MS, &e) == 0)
		return 0;
	step_note(root, STEP_CLOUD_INIT, STEP_FAILED, begin, "%s", e.text);
	log_error("%s", e.text);
	return -1;
}

/* Somebody may have mended it meanwhile and not want to wait for us. */
static enum after_verdict pause_for(int root, unsigned ms)
{
	long end = clock_ms() + (long) ms;
	struct after_facts facts;

	do {
		clock_sleep_ms(end - clock_ms() < LOOK_MS ? end - clock_ms() : LOOK_MS);
		after_look(root, &facts);
	} while (after_judge(&facts) == AFTER_RETRY && clock_ms() < end);
	return after_judge(&facts);
}

/*
 * On a host at boot nobody is there to mend it: a disk that was full, a metadata service that hung. systemd cannot do this by
 * itself, for a unit that it restarts holds up all that is ordered after it, and that is the rest of the boot.
 */
static void retry(const struct options *o, unsigned tries, long begin)
{
	static const char *const argv[] = { "systemctl", "restart", "ecs-bootstrap.service", NULL };
	struct backoff pace = { .first_ms = o->retry_s * 1000, .max_ms = o->retry_s * 1000 * RETRY_LONGEST };
	unsigned ms = backoff_ms(&pace, tries, 0);
	struct err e;
	int status;

	step_note(o->root_fd, STEP_CLOUD_INIT, STEP_WAITING, begin,
		  "the agent is not started: user data was not applied (see user-data and ecs.config) and no ecs.config names a cluster; it is applied again in %u s", ms / 1000);
	log_error("start agent: user data was not applied and no ecs.config names a cluster; applying it again in %u s ('%s' has the cause)", ms / 1000,
		  "ecs-bootstrap status");
	if (pause_for(o->root_fd, ms) != AFTER_RETRY)
		return;
	if (spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = APPLY_MS }, &status, NULL, NULL, &e) < 0)
		log_warn("run 'systemctl restart ecs-bootstrap': %s", e.text);
}

/* Until there is nothing to wait for any more. Negative: that cannot be done, and has been said. */
static int wait_for_user_data(const struct options *o, struct after_facts *ret, long begin)
{
	for (unsigned tries = 1;; after_look(o->root_fd, ret)) {
		enum after_verdict v = after_judge(ret);

		if (v == AFTER_WAIT && wait_for_cloud_init(o->root_fd, begin) < 0)
			return -1;
		if (v == AFTER_RETRY)
			retry(o, tries++, begin);
		if (v != AFTER_WAIT && v != AFTER_RETRY)
			return 0;
	}
}

int run_after(const struct options *o)
{
	struct after_facts facts;
	long begin = clock_ms();

	if (!o->rest[0]) {
		fprintf(stderr, "ecs-bootstrap: after-user-data needs a command to run\n");
		return EXIT_USAGE;
	}
	after_look(o->root_fd, &facts);
	if (wait_for_user_data(o, &facts, begin) < 0)
		return EXIT_FAILED;
	note_wait(o->root_fd, &facts, begin);
	if (after_judge(&facts) == AFTER_WITHHOLD) {
		log_error("start agent: user data was refused and no ecs.config names a cluster; mend what '%s' says and run '%s'",
			  "ecs-bootstrap status", "systemctl restart ecs-bootstrap ecs-after-user-data");
		return EXIT_FAILED;
	}
	check_late(o->root_fd);
	execvp(o->rest[0], o->rest);
	log_error("run '%s': %s", o->rest[0], strerror(errno));
	return EXIT_FAILED;
}

static void note_tasks(int root, const struct starttasks_report *report, long begin)
{
	const struct starttasks_task *bad = NULL;
	unsigned failed = 0;

	for (unsigned i = 0; i < report->n; i++) {
		if (report->tasks[i].outcome != START_FAILED)
			continue;
		bad = bad ? bad : &report->tasks[i];
		failed++;
	}
	if (bad)
		step_note(root, STEP_START_TASKS, STEP_FAILED, begin, "%u of %u: task '%.80s': %s", failed, report->n, bad->task_definition, bad->why.text);
	else
		step_note(root, STEP_START_TASKS, report->n > 0 ? STEP_DONE : STEP_SKIPPED, begin, "%u task%s", report->n, report->n == 1 ? "" : "s");
}

/* The exit status. */
static int say_tasks(const struct starttasks_report *report)
{
	int exit_code = EXIT_DONE;

	for (unsigned i = 0; i < report->n; i++) {
		const struct starttasks_task *t = &report->tasks[i];

		if (t->outcome == START_FAILED) {
			log_error("start task '%s': %s", t->task_definition, t->why.text);
			exit_code = EXIT_FAILED;
		} else if (t->outcome == START_DONE) {
			log_info("started task '%s' in cluster '%s': %s", t->task_definition, report->cluster, t->arn);
		} else {
			log_info("kept task '%s': it was started on this instance before", t->task_definition);
		}
	}
	return exit_code;
}

int run_start_tasks(const struct options *o)
{
	struct starttasks s = { .root = o->root_fd, .timeout_ms = o->timeout_s * 1000 };
	struct starttasks_report report = { .n = 0 };
	long begin = clock_ms();
	struct err e;
	int r;

	if (has_arguments(o, "start-tasks"))
		return EXIT_USAGE;
	step_note(o->root_fd, STEP_START_TASKS, STEP_RUNNING, begin, "waiting for the agent to register, then starting them");
	r = starttasks_run(&s, &report, &e);
	if (r < 0) {
		step_note(o->root_fd, STEP_START_TASKS, STEP_FAILED, begin, "%s", e.text);
		log_error("%s; no task of startTasks was started", e.text);
		return EXIT_FAILED;
	}
	note_tasks(o->root_fd, &report, begin);
	if (r == STARTTASKS_NOTHING)
		log_info("start tasks: '%s' is not there, so there are none", PATH_START_TASKS);
	return say_tasks(&report);
}

int run_wait(const struct options *o)
{
	char service[AGENT_SERVICE_SIZE];
	struct agent_identity who;
	struct err e;

	if (has_arguments(o, "wait"))
		return EXIT_USAGE;
	if (wait_for_agent(o->timeout_s * 1000, &who, &e) < 0) {
		wait_service_state(o->root_fd, service);
		log_error("%s%s%s", e.text, service[0] ? "; " : "", service);
		return EXIT_FAILED;
	}
	printf(o->json ? "{\"cluster\":\"%s\",\"containerInstanceArn\":\"%s\"}\n" : "registered in cluster '%s' as %s\n", who.cluster, who.instance);
	return EXIT_DONE;
}
