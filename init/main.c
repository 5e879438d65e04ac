/*
 * ecs-supervisor: what `amazon-ecs-init start` becomes. A program of its own, because it lives for months and each library
 * costs it memory, and because each library costs the other verbs start-up time.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/sibling.h"
#include "init/loop.h"

enum { EXIT_USAGE = 1, EXIT_FAILED = 255 }; /* as the peer's program */

static int fail(const struct err *e)
{
	log_error("%s", e->text);
	return EXIT_FAILED;
}

static int supervise(const char *root, int root_fd)
{
	char engine[PATH_MAX], netconf[PATH_MAX];
	struct loop_options o = { .engine = engine, .netconf = netconf, .root = root, .root_fd = root_fd };
	int status = EXIT_FAILED;
	struct err e;

	if (sibling("amazon-ecs-init", engine, sizeof engine, &e) < 0 || sibling("ecs-netconf", netconf, sizeof netconf, &e) < 0)
		return fail(&e);
	return loop_supervise(&o, &status, &e) < 0 ? fail(&e) : status;
}

/* The words are those of amazon-ecs-init. */
int main(int argc, char **argv)
{
	const char *root = argc == 4 && strcmp(argv[1], "--root") == 0 ? argv[2] : NULL;
	AUTO_FD root_fd = -1;
	struct err e;

	if (argc < 2 || strcmp(argv[argc - 1], "start") != 0 || (argc != 2 && !root)) {
		fprintf(stderr, "ecs-supervisor is run by 'amazon-ecs-init start'; see amazon-ecs-init(8)\n");
		return EXIT_USAGE;
	}
	log_open("amazon-ecs-init", -1, NULL);
	if (root_open(root, &root_fd, &e) < 0)
		return fail(&e);
	log_open("amazon-ecs-init", root_fd, PATH_INIT_LOG);
	return supervise(root, root_fd);
}
