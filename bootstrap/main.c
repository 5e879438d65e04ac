/* ecs-bootstrap: what the operator and the boot units call. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/after.h"
#include "bootstrap/config.h"
#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/paths.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum {
	IMDS_TIMEOUT_S = 120,    /* at boot the network may be late */
	REMIND_MS = 5 * 60 * 1000, /* a wait that lasts says so every five minutes */
};

struct options {
	const char *root;
	const char *user_data;
	unsigned    imds_timeout_s;
	char      **rest; /* what follows the verb's options */
	int         root_fd;
};

static const char usage[] =
	"Usage: ecs-bootstrap VERB [OPTION…]\n"
	"Turns EC2 user data into a configured ECS container instance.\n"
	"\n"
	"Verbs:\n"
	"  config                     read user data, write the managed block of /etc/ecs/ecs.config\n"
	"  after-user-data COMMAND…   wait until cloud-init has worked off the user data, then run COMMAND\n"
	"  version                    print the version\n"
	"  help                       print this text\n"
	"\n"
	"Options of config:\n"
	"  --user-data FILE           read this file instead of the instance metadata\n"
	"  --imds-timeout SECONDS     give up on the instance metadata after so long (default 120)\n"
	"\n"
	"Options of all verbs:\n"
	"  --root DIR                 the folder that stands for / in what is read and written\n"
	"\n"
	"Exit status: 0 done, 1 failure, 2 wrong usage. See ecs-bootstrap(8).\n";

static void say_ignored(const struct settings *s)
{
	const char *key;
	size_t at = 0;

	while ((key = settings_next_ignored(s, &at)))
		log_warn("apply setting '%s': this version does not act on it, ignored", key);
}

static void say_report(const struct config_report *r)
{
	if (r->off) {
		log_info("read user data: %s and there is no '%s'; '%s' was left as it is", r->fetched.imds.text, PATH_CLOUD_COPY, PATH_ECS_CONFIG);
		return;
	}
	if (r->fetched.imds.code != 0)
		log_warn("read user data from instance metadata: %s%s%s", r->fetched.imds.text,
			 r->has_user_data ? "; went on with " : "", r->has_user_data ? r->fetched.from : "");
	if (r->unclosed_block)
		log_warn("read '%s': a managed block has no END line; its lines were kept as yours", PATH_ECS_CONFIG);
	say_ignored(&r->settings);
	if (!r->has_user_data)
		log_info("there is no user data%s", r->written ? "; removed the managed block from '" PATH_ECS_CONFIG "'" : "");
	else if (r->ours == 0)
		log_info("no part of the user data (%u) is for ecs-bootstrap%s", r->parts,
			 r->written ? "; removed the managed block from '" PATH_ECS_CONFIG "'" : "");
	else
		log_info("%s '%s': %u setting%s from %u of %u part%s of the user data", r->written ? "wrote" : "kept",
			 PATH_ECS_CONFIG, r->lines, r->lines == 1 ? "" : "s", r->ours, r->parts, r->parts == 1 ? "" : "s");
}

static int run_config(const struct options *o)
{
	struct fetch f = { .root = o->root_fd, .file = o->user_data, .imds_timeout_ms = o->imds_timeout_s * 1000 };
	AUTO_REPORT report = { .parts = 0 };
	struct err e;

	if (o->rest[0]) {
		fprintf(stderr, "ecs-bootstrap: config takes no argument '%s'\n", o->rest[0]);
		return EXIT_USAGE;
	}
	if (config_run(&f, &report, &e) < 0) {
		log_error("%s; '%s' was left as it is", e.text, PATH_ECS_CONFIG);
		return EXIT_FAILED;
	}
	say_report(&report);
	return EXIT_DONE;
}

static int run_after(const struct options *o)
{
	struct after_facts facts;
	struct err e;

	if (!o->rest[0]) {
		fprintf(stderr, "ecs-bootstrap: after-user-data needs a command to run\n");
		return EXIT_USAGE;
	}
	for (after_look(o->root_fd, &facts); after_judge(&facts) == AFTER_WAIT; after_look(o->root_fd, &facts)) {
		log_info("waiting for cloud-init to work off the user data ('%s' is not there yet)", PATH_CLOUD_RESULT);
		if (after_wait(o->root_fd, REMIND_MS, &e) < 0) {
			log_error("%s", e.text);
			return EXIT_FAILED;
		}
	}
	if (after_judge(&facts) == AFTER_WITHHOLD) {
		log_error("start agent: user data could not be read and no ecs.config names a cluster; set ECS_CLUSTER in '%s' and run '%s'",
			  PATH_ECS_CONFIG, "systemctl start ecs");
		return EXIT_FAILED;
	}
	execvp(o->rest[0], o->rest);
	log_error("run '%s': %s", o->rest[0], strerror(errno));
	return EXIT_FAILED;
}

static int run_version(const struct options *o)
{
	(void) o;
	puts("ecs-bootstrap " VERSION);
	return EXIT_DONE;
}

static int run_help(const struct options *o)
{
	(void) o;
	fputs(usage, stdout);
	return EXIT_DONE;
}

static const struct verb {
	const char *name;
	int (*run)(const struct options *o);
	bool logs; /* also to the log file */
} verbs[] = {
	{ "config", run_config, true },
	{ "after-user-data", run_after, true },
	{ "version", run_version, false },
	{ "help", run_help, false },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int parse_seconds(const char *text, unsigned *ret)
{
	uint64_t n;

	if (parse_u64(view_of(text), 3600, &n) < 0) {
		fprintf(stderr, "ecs-bootstrap: --imds-timeout takes whole seconds from 0 to 3600, not '%s'\n", text);
		return -EINVAL;
	}
	*ret = (unsigned) n;
	return 0;
}

/* Leaves in o->rest what is no option. Negative: usage was wrong and has been said; positive: --help or --version. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "root", required_argument, NULL, 'r' },    { "user-data", required_argument, NULL, 'u' },
		{ "imds-timeout", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },       { NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "+hr:", names, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->root = optarg;
			break;
		case 'u':
			o->user_data = optarg;
			break;
		case 't':
			if (parse_seconds(optarg, &o->imds_timeout_s) < 0)
				return -EINVAL;
			break;
		case 'h':
		case 'v':
			return c;
		default:
			return -EINVAL;
		}
	}
	o->rest = argv + optind;
	return 0;
}

/* Options may stand before and after the verb. */
static int parse_command_line(int argc, char **argv, struct options *o, const struct verb **ret)
{
	char **from;
	int r = parse_options(argc, argv, o);

	if (r != 0)
		return r;
	if (!o->rest[0]) {
		fputs(usage, stderr);
		return -EINVAL;
	}
	*ret = find_verb(o->rest[0]);
	if (!*ret) {
		fprintf(stderr, "ecs-bootstrap: unknown verb '%s'; 'ecs-bootstrap help' lists them\n", o->rest[0]);
		return -EINVAL;
	}
	from = o->rest;
	optind = 0; /* glibc: start afresh */
	return parse_options((int) (argv + argc - from), from, o);
}

int main(int argc, char **argv)
{
	struct options o = { .imds_timeout_s = IMDS_TIMEOUT_S, .root_fd = -1 };
	const struct verb *verb = NULL;
	struct err e;
	int r = parse_command_line(argc, argv, &o, &verb);

	if (r > 0)
		return r == 'h' ? run_help(&o) : run_version(&o);
	if (r < 0)
		return EXIT_USAGE;
	if (root_open(o.root, &o.root_fd, &e) < 0) {
		fprintf(stderr, "ecs-bootstrap: %s\n", e.text);
		return EXIT_FAILED;
	}
	if (verb->logs)
		log_open("ecs-bootstrap", o.root_fd, PATH_BOOTSTRAP_LOG);
	return verb->run(&o);
}
