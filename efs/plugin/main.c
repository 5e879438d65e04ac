/* amazon-ecs-volume-plugin: Docker's volume driver for EFS, in place of Amazon's program of that name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "efs/plugin/loop.h"

#define LOG_FILE "/var/log/ecs/ecs-volume-plugin.log"
#define LIMIT_VARIABLE "ECS_VOLUME_PLUGIN_MOUNT_TIMEOUT"

/* dockerd waits 120 s for a Mount and then forgets it. */
enum { EXIT_USAGE = 2, LIMIT_S = 100, LIMIT_MAX_S = 110 };

static void usage(FILE *to)
{
	fputs("Usage: amazon-ecs-volume-plugin [--root DIR]\n\n"
	      "Serves Docker's volume plugin protocol on the socket that systemd passes, else on\n"
	      "/run/docker/plugins/amazon-ecs-volume-plugin.sock. See amazon-ecs-volume-plugin(8).\n", to);
}

static unsigned limit_from_environment(void)
{
	const char *text = getenv(LIMIT_VARIABLE);
	uint64_t s = LIMIT_S;

	if (text && (parse_u64(view_of(text), LIMIT_MAX_S, &s) < 0 || s == 0)) {
		log_warn("%s: '%.32s' is no number of seconds from 1 to %d; %d is taken", LIMIT_VARIABLE, text, LIMIT_MAX_S, LIMIT_S);
		s = LIMIT_S;
	}
	return (unsigned) s * 1000;
}

static int run(const char *root_dir)
{
	struct loop_options o = { .root_dir = root_dir };
	struct err e;
	int r;

	if (root_open(root_dir, &o.root, &e) < 0) {
		fprintf(stderr, "amazon-ecs-volume-plugin: %s\n", e.text);
		return EXIT_FAILURE;
	}
	log_open("amazon-ecs-volume-plugin", o.root, LOG_FILE);
	o.mount_limit_ms = limit_from_environment();
	/* helpers speak in the language in which their words are looked for */
	(void) setenv("LC_ALL", "C", 1);
	r = loop_run(&o, &e);
	if (r < 0)
		log_error("%s", e.text);
	fd_closep(&o.root);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *root_dir = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("amazon-ecs-volume-plugin (ecs-bootstrap) version " VERSION);
			return EXIT_SUCCESS;
		}
		if (strcmp(argv[i], "--root") != 0 || i + 1 == argc) {
			usage(stderr);
			return EXIT_USAGE;
		}
		root_dir = argv[++i];
	}
	return run(root_dir);
}
