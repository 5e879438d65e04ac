/* ecs-engine: one short-lived process for each group of calls to the Docker Engine, run by amazon-ecs-init. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"
#include "init/engine/engine.h"
#include "init/engine/gpu.h"
#include "init/engine/prepare.h"
#include "init/report.h"

enum { EXIT_FAILED = 255, EXIT_USAGE = 1 }; /* as the peer's program */

static const struct verb {
	const char *name;
	int (*run)(struct engine *g, struct err *e);
	bool needs_arg;
} verbs[] = {
	{ ENGINE_PRE_START, verb_pre_start, false }, { ENGINE_STOP, verb_stop, false },
	{ ENGINE_RELOAD_CACHE, verb_reload_cache, false }, { ENGINE_UP, verb_up, false },
	{ ENGINE_OUTCOME, verb_outcome, true },      { ENGINE_LOGS, verb_logs, true },
	{ ENGINE_UPGRADE, verb_upgrade, false },     { ENGINE_GPU, verb_gpu, false },
};

static const struct verb *find_verb(const char *name, const char *arg)
{
	for (size_t i = 0; name && i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 && (arg || !verbs[i].needs_arg))
			return &verbs[i];
	return NULL;
}

static int run(const struct verb *verb, int root, char **words)
{
	struct engine g = { .root = root, .socket = docker_socket_from_environment() };
	AUTO_DOCKER *docker = NULL;
	struct err e;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(g.args) && words[i + 1]; i++)
		g.args[i] = words[i + 1];
	r = docker_new(g.socket, &docker, &e);

	g.docker = docker;
	if (r == 0)
		r = verb->run(&g, &e);
	if (r == 0)
		return EXIT_SUCCESS;
	log_failure(&e);
	engine_status("%s", e.text);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 2 && strcmp(argv[1], "--root") == 0 ? argv[2] : NULL;
	char **words = argv + (dir ? 3 : 1);
	const struct verb *verb = find_verb(words[0], words[0] ? words[1] : NULL);
	struct err e;
	int root;

	if (!verb) {
		fprintf(stderr, "ecs-engine is run by amazon-ecs-init; see amazon-ecs-init(8)\n");
		return EXIT_USAGE;
	}
	if (root_open(dir, &root, &e) < 0) {
		fprintf(stderr, "ecs-engine: %s\n", e.text);
		return EXIT_FAILED;
	}
	log_open("ecs-engine", root, PATH_INIT_LOG);
	log_field("ECS_VERB", verb->name);
	log_field(LOG_UNIT, "ecs.service");
	return run(verb, root, words);
}
