/* amazon-ecs-init: the verbs of Amazon's program of that name. All that needs Docker is done by ecs-engine beside it. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/paths.h"
#include "init/loop.h"
#include "init/reload.h"
#include "init/report.h"

enum { EXIT_USAGE = 1, EXIT_FAILED = 255 }; /* as the peer's program */

struct context {
	const char *root; /* NULL: / */
	int         root_fd;
	char        engine[PATH_MAX], netconf[PATH_MAX]; /* they stand beside us */
};

struct verb {
	const char *name, *help;
	int (*run)(const struct context *c, const struct verb *v);
};

static int exec_engine(const struct context *c, const struct verb *v)
{
	const char *verb = strcmp(v->name, "pre-stop") == 0 ? ENGINE_STOP : v->name;
	const char *with_root[] = { c->engine, "--root", c->root, verb, NULL };
	const char *without[] = { c->engine, verb, NULL };

	execv(c->engine, (char *const *) (c->root ? with_root : without));
	log_error("run '%s': %s", c->engine, strerror(errno));
	return EXIT_FAILED;
}

static int run_start(const struct context *c, const struct verb *v)
{
	struct loop_options o = { .engine = c->engine, .netconf = c->netconf, .root = c->root, .root_fd = c->root_fd };
	int status = EXIT_FAILED;
	struct err e;

	(void) v;
	if (loop_supervise(&o, &status, &e) < 0)
		log_error("%s", e.text);
	return status;
}

static int run_reload(const struct context *c, const struct verb *v)
{
	const char *text = getenv("MAINPID");
	struct err e;
	uint64_t pid;

	(void) v;
	if (!text || parse_u64(view_of(text), INT_MAX, &pid) < 0 || pid <= 1)
		log_error("reload: no MAINPID in the environment; this is run by 'systemctl reload ecs'");
	else if (reload_ask(c->root_fd, (pid_t) pid, &e) < 0)
		log_error("%s", e.text);
	else
		return 0;
	return EXIT_FAILED;
}

/*
 * systemd runs this after every end of `start` and tells how it ended (systemd.exec(5)). Unless that was a success or the
 * status that forbids a restart, it is about to start us again, and the tasks that run on meanwhile need their credentials.
 */
static bool comes_back(void)
{
	const char *result = getenv("SERVICE_RESULT"), *status = getenv("EXIT_STATUS");

	return result && strcmp(result, "success") != 0 && !(status && strcmp(status, "5") == 0);
}

static int run_post_stop(const struct context *c, const struct verb *v)
{
	const char *argv[] = { c->netconf, "remove", c->root ? "--root" : NULL, c->root, NULL };
	int status = 0;
	pid_t pid;

	(void) v;
	if (comes_back()) {
		log_info("the supervisor ended with '%s' and will be started again; the rules stay", getenv("SERVICE_RESULT"));
		return 0;
	}
	pid = fork();
	if (pid == 0) {
		execv(c->netconf, (char *const *) argv);
		log_error("run '%s': %s", c->netconf, strerror(errno));
		_exit(EXIT_FAILED);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EXIT_FAILED;
}

static int run_version(const struct context *c, const struct verb *v)
{
	(void) c;
	(void) v;
	puts("amazon-ecs-init (ecs-bootstrap) version " VERSION);
	return 0;
}

static const struct verb verbs[] = {
	{ "pre-start", "Prepare the host: rules, folders, the agent's image", exec_engine },
	{ "start", "Start the agent and watch over it", run_start },
	{ "reload", "Have the running supervisor read the configuration again", run_reload },
	{ "stop", "Stop the agent", exec_engine },
	{ "pre-stop", "The same as stop", exec_engine },
	{ "post-stop", "Take the rules away again", run_post_stop },
	{ "reload-cache", "Load the agent's image from the cache into Docker", exec_engine },
	{ "version", "Print the version", run_version },
};

static void usage(FILE *to)
{
	fputs("Usage: amazon-ecs-init [--root DIR] ACTION\n\n Available actions:\n", to);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		fprintf(to, "  %-15s  %s\n", verbs[i].name, verbs[i].help);
	fputs("\nExit status: 0 done, 1 wrong usage, 5 the agent forbids a restart, 255 failure. See amazon-ecs-init(8).\n", to);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int find_siblings(struct context *c, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n < 0)
		return err_set(e, -errno, "read '/proc/self/exe'");
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (snprintf(c->engine, sizeof c->engine, "%.*s/ecs-engine", (int) (slash - self), self) >= (int) sizeof c->engine ||
	    snprintf(c->netconf, sizeof c->netconf, "%.*s/ecs-netconf", (int) (slash - self), self) >= (int) sizeof c->netconf)
		return err_set(e, -ENAMETOOLONG, "find ecs-engine");
	return 0;
}

int main(int argc, char **argv)
{
	struct context c = { .root = NULL };
	const struct verb *verb = NULL;
	struct err e;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return 0;
		}
		if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			c.root = argv[++i];
		else if (!verb && !(verb = find_verb(argv[i])))
			break;
	}
	if (!verb) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (root_open(c.root, &c.root_fd, &e) < 0 || find_siblings(&c, &e) < 0) {
		fprintf(stderr, "amazon-ecs-init: %s\n", e.text);
		return EXIT_FAILED;
	}
	if (verb->run == run_start || verb->run == run_reload || verb->run == run_post_stop)
		log_open("amazon-ecs-init", c.root_fd, PATH_INIT_LOG);
	return verb->run(&c, verb);
}
