/*
 * amazon-ecs-init: the verbs of Amazon's program of that name, and those that ecs-supervisor calls: one short-lived process
 * for each group of calls to the Docker Engine.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/paths.h"
#include "common/sibling.h"
#include "common/spawn.h"
#include "init/engine/engine.h"
#include "init/engine/gpu.h"
#include "init/engine/prepare.h"
#include "init/reload.h"
#include "init/report.h"

#define PROGRAM "amazon-ecs-init"

enum { EXIT_FAILED = 255, EXIT_USAGE = 1, NETCONF_MS = 60000 }; /* exit statuses as the peer's program */

struct call {
	const char        *dir; /* NULL: / */
	int                root;
	const struct verb *verb;
	char             **words; /* behind the verb, then NULL */
};

struct verb {
	const char *name, *help; /* no help: for ecs-supervisor alone */
	int (*run)(const struct call *c, struct err *e); /* 0, or negative and it failed */
	int (*docker)(struct engine *g, struct err *e);  /* the same with a client of Docker; one of the two is NULL */
	bool needs_word;
};

/* ---- verbs that need no Docker */

/* The process stays the same, and so do its name and words for whoever looks at it. */
static int run_start(const struct call *c, struct err *e)
{
	char supervisor[PATH_MAX], self[PATH_MAX];
	char *with_root[] = { self, (char *) "--root", (char *) c->dir, (char *) "start", NULL };
	char *without[] = { self, (char *) "start", NULL };
	int r = sibling("ecs-supervisor", supervisor, sizeof supervisor, e);

	if (r == 0)
		r = sibling(PROGRAM, self, sizeof self, e);
	if (r < 0)
		return r;
	(void) execv(supervisor, c->dir ? with_root : without);
	return err_set(e, -errno, "run '%s'", supervisor);
}

static int run_reload(const struct call *c, struct err *e)
{
	const char *text = getenv("MAINPID");
	uint64_t pid;

	if (!text || parse_u64(view_of(text), INT_MAX, &pid) < 0 || pid <= 1)
		return err_say(e, -EINVAL, "reload: no MAINPID in the environment; this is run by 'systemctl reload ecs'");
	return reload_ask(c->root, (pid_t) pid, e);
}

/*
 * systemd runs post-stop after every end of `start` and tells how it ended (systemd.exec(5)). Unless that was a success or
 * the status that forbids a restart, it is about to start us again, and the tasks that run on meanwhile need their credentials.
 */
static bool comes_back(void)
{
	const char *result = getenv("SERVICE_RESULT"), *status = getenv("EXIT_STATUS");

	return result && strcmp(result, "success") != 0 && !(status && strcmp(status, "5") == 0);
}

static int run_post_stop(const struct call *c, struct err *e)
{
	char netconf[PATH_MAX];
	const char *argv[] = { netconf, "remove", c->dir ? "--root" : NULL, c->dir, NULL };
	int status = 0, r;

	if (comes_back()) {
		log_info("the supervisor ended with '%s' and will be started again; the rules stay", getenv("SERVICE_RESULT"));
		return 0;
	}
	r = sibling("ecs-netconf", netconf, sizeof netconf, e);
	if (r == 0)
		r = spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = NETCONF_MS }, &status, NULL, NULL, e);
	if (r < 0)
		return r;
	return status == 0 ? 0 : err_say(e, -EIO, "remove rules: ecs-netconf ended with %d (its own message says why)", status);
}

static int run_version(const struct call *c, struct err *e)
{
	(void) c;
	(void) e;
	puts(PROGRAM " (ecs-bootstrap) version " VERSION);
	return 0;
}

/* ---- all verbs */

static const struct verb verbs[] = {
	{ ENGINE_PRE_START, "Prepare the host: rules, folders, the agent's image", NULL, verb_pre_start, false },
	{ "start", "Start the agent and watch over it", run_start, NULL, false },
	{ "reload", "Have the running supervisor read the configuration again", run_reload, NULL, false },
	{ ENGINE_STOP, "Stop the agent", NULL, verb_stop, false },
	{ "pre-stop", "The same as stop", NULL, verb_stop, false },
	{ "post-stop", "Take the rules away again", run_post_stop, NULL, false },
	{ ENGINE_RELOAD_CACHE, "Load the agent's image from the cache into Docker", NULL, verb_reload_cache, false },
	{ "version", "Print the version", run_version, NULL, false },
	{ ENGINE_UP, NULL, NULL, verb_up, false },
	{ ENGINE_OUTCOME, NULL, NULL, verb_outcome, true },
	{ ENGINE_LOGS, NULL, NULL, verb_logs, true },
	{ ENGINE_UPGRADE, NULL, NULL, verb_upgrade, false },
	{ ENGINE_GPU, NULL, NULL, verb_gpu, false },
};

static void usage(FILE *to)
{
	fputs("Usage: " PROGRAM " [--root DIR] ACTION\n\n Available actions:\n", to);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (verbs[i].help)
			fprintf(to, "  %-15s  %s\n", verbs[i].name, verbs[i].help);
	fputs("\nExit status: 0 done, 1 wrong usage, 5 the agent forbids a restart, 255 failure. See " PROGRAM "(8).\n", to);
}

static const struct verb *find_verb(const char *name, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 && (word || !verbs[i].needs_word))
			return &verbs[i];
	return NULL;
}

static int run_with_docker(const struct call *c, struct err *e)
{
	struct engine g = { .root = c->root, .socket = docker_socket_from_environment() };
	AUTO_DOCKER *docker = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(g.args) && c->words[i]; i++)
		g.args[i] = c->words[i];
	r = docker_new(g.socket, &docker, e);
	g.docker = docker;
	return r < 0 ? r : c->verb->docker(&g, e);
}

static int run(const struct call *c)
{
	struct err e;
	int r;

	log_open(PROGRAM, c->root, c->verb->run == run_version ? NULL : PATH_INIT_LOG);
	log_field("ECS_VERB", c->verb->name);
	log_field(LOG_UNIT, "ecs.service");
	r = c->verb->run ? c->verb->run(c, &e) : run_with_docker(c, &e);
	if (r >= 0)
		return EXIT_SUCCESS;
	log_failure(&e);
	if (c->verb->docker)
		engine_status("%s", e.text);
	return EXIT_FAILED;
}

/* What is said behind an action of the user's is passed over, as the peer does. */
int main(int argc, char **argv)
{
	struct call c = { .dir = NULL };
	struct err e;
	int i = 1;

	if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		usage(stdout);
		return 0;
	}
	if (argc > 2 && strcmp(argv[1], "--root") == 0) {
		c.dir = argv[2];
		i = 3;
	}
	c.verb = i < argc ? find_verb(argv[i], argv[i + 1]) : NULL;
	if (!c.verb) {
		usage(stderr);
		return EXIT_USAGE;
	}
	c.words = argv + i + 1;
	if (root_open(c.dir, &c.root, &e) < 0) {
		fprintf(stderr, PROGRAM ": %s\n", e.text);
		return EXIT_FAILED;
	}
	return run(&c);
}
