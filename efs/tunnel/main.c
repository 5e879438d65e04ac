/* ecs-efs-tunnel: carries the NFS connections of one mount to its EFS mount target, over TLS. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/parse.h"
#include "efs/credentials.h"
#include "efs/tunnel/tunnel.h"

#define PROGRAM "ecs-efs-tunnel"

/* 0 and 2 keep systemd from starting it again (RestartPreventExitStatus=). */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void usage(FILE *to)
{
	fputs("usage: " PROGRAM " [--foreground] [--root DIR] [--credentials-endpoint URL] NAME\n"
	      "Carries the NFS connections of the mount that /run/ecs/efs/NAME.conf describes to its mount target, over TLS.\n"
	      "Once it listens it goes on in the background.\n\n"
	      "  --foreground                it stays: for a service manager\n"
	      "  --root DIR                  DIR stands for / in the files it reads and writes\n"
	      "  --credentials-endpoint URL  where the agent hands out credentials (" EFS_TASK_ENDPOINT ")\n"
	      "  --help, --version\n", to);
}

/* For tests, which cannot wait an hour: --shorten WHAT=MILLISECONDS. Nothing gets longer by it. */
static int shorten(struct tunnel_times *t, const char *arg)
{
	const struct { const char *name; long *ms; } known[] = {
		{ "renew", &t->renew }, { "stall", &t->stall }, { "mount", &t->mount_within }, { "gone", &t->mount_gone }, { "look", &t->look },
	};
	struct view value = view_of(arg), name = view_cut(&value, '=');
	uint64_t ms;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (view_is(name, known[i].name) && parse_u64(value, (uint64_t) *known[i].ms, &ms) == 0 && ms > 0) {
			*known[i].ms = (long) ms;
			return 0;
		}
	fprintf(stderr, PROGRAM ": --shorten: '%s' is no such time\n", arg);
	return -EINVAL;
}

struct arguments {
	const char *root;
	bool        foreground;
	struct tunnel_options o;
};

static int answer(int option)
{
	if (option == 'h')
		usage(stdout);
	else if (option == 'v')
		puts(PROGRAM " " VERSION);
	return option == 'h' || option == 'v' ? EXIT_DONE : EXIT_USAGE;
}

/* -1: go on; otherwise the exit code. */
static int arguments_read(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' },     { "credentials-endpoint", required_argument, NULL, 'c' },
		{ "shorten", required_argument, NULL, 's' },  { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },        { "foreground", no_argument, NULL, 'f' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'r')
			a->root = optarg;
		else if (c == 'c')
			a->o.endpoint = optarg;
		else if (c == 'f')
			a->foreground = true;
		else if (c != 's')
			return answer(c);
		else if (shorten(&a->o.times, optarg) < 0)
			return EXIT_USAGE;
	}
	if (optind != argc - 1) {
		usage(stderr);
		return EXIT_USAGE;
	}
	a->o.base = argv[optind];
	if (!tunnel_base_ok(a->o.base)) {
		fprintf(stderr, PROGRAM ": '%s' is no name of a tunnel\n", a->o.base);
		return EXIT_USAGE;
	}
	return -1;
}

/* ---- the background */

/*
 * The caller waits, and ends as this program does, or with 0 once the child says that it is ready: by a byte in the pipe
 * that *ret_ready is the end of. Returns in the child only; before there are threads.
 */
static int detach(int *ret_ready)
{
	int ends[2], raw;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -errno;
	if (pid == 0) {
		close(ends[0]);
		*ret_ready = ends[1];
		return setsid() < 0 ? -errno : 0;
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) == 1)
		_exit(EXIT_DONE);
	_exit(waitpid(pid, &raw, 0) == pid && WIFEXITED(raw) ? WEXITSTATUS(raw) : EXIT_FAILED);
}

/* Nobody who started it is kept waiting for the end of its output. */
static void tell_ready(int *ready)
{
	AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; *ready >= 0 && null >= 0 && fd <= STDERR_FILENO; fd++)
		(void) dup2(null, fd);
	if (*ready >= 0 && write(*ready, "1", 1) != 1)
		log_debug("the caller is gone");
	fd_closep(ready);
}

/* ---- the tunnel */

static int serve(struct tunnel *t, int *ready)
{
	struct err e;
	int r;

	log_info("%s listens on 127.0.0.1:%u for %s", t->o->base, t->port, t->config.host);
	notify("READY=1\nSTATUS=%s on 127.0.0.1:%u", t->config.file_system, t->port);
	tell_ready(ready);
	r = tunnel_loop(t, &e);
	if (r < 0) {
		log_failure(&e);
		return EXIT_FAILED;
	}
	log_info("%s ends: %s", t->o->base, r == WATCH_GONE ? "its mount is gone" : "nobody mounted it");
	return EXIT_DONE;
}

static int run(struct arguments *a)
{
	static struct tunnel t; /* its threads look at it to the very end */
	struct err e;
	AUTO_FD ready = -1;
	int r, status;

	log_open(PROGRAM, -1, NULL);
	r = a->foreground ? 0 : detach(&ready);
	if (r < 0) {
		(void) err_set(&e, r, "go into the background");
		log_failure(&e);
		return EXIT_FAILED;
	}
	if (root_open(a->root, &a->o.root, &e) < 0) {
		log_failure(&e);
		return EXIT_FAILED;
	}
	log_open(PROGRAM, a->o.root, PATH_EFS_LOG);
	log_field("ECS_EFS_TUNNEL", a->o.base);
	r = tunnel_set_up(&t, &a->o, &e);
	if (r == START_NOTHING_TO_DO)
		log_info("%s: nothing to do: no such mount is wanted any more", a->o.base);
	status = r == 0 ? serve(&t, &ready) : r == START_NOTHING_TO_DO ? EXIT_DONE : r == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	tunnel_done(&t);
	fd_closep(&a->o.root);
	return status;
}

/* VERSION without what git adds to it: the form that mount targets know of efs-utils. */
#define CLIENT_VERSION_SIZE 32
static const char *client_version(char ret[CLIENT_VERSION_SIZE])
{
	snprintf(ret, CLIENT_VERSION_SIZE, "%.*s", (int) strcspn(VERSION, "+"), VERSION);
	return ret;
}

int main(int argc, char **argv)
{
	char version[CLIENT_VERSION_SIZE];
	struct arguments a = {
		.o = { .endpoint = EFS_TASK_ENDPOINT, .version = client_version(version), .root = -1,
		       .times = { .renew = RENEW_MS, .stall = 180000, .mount_within = 120000, .mount_gone = 30000, .look = 10000 } },
	};
	int status = arguments_read(argc, argv, &a);

	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets without MSG_NOSIGNAL */
	return status < 0 ? run(&a) : status;
}
