/* ecs-bootstrap: what the operator and the boot units call. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/settings.h"
#include "bootstrap/verbs.h"
#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/paths.h"

enum { TIMEOUT_S = 900, READY_AFTER_S = 120 }; /* an agent registers late on the first boot, which pulls images; so do mirrors answer */

static const char usage[] =
	"Usage: ecs-bootstrap VERB [OPTION…]\n"
	"Turns EC2 user data into a configured ECS container instance.\n"
	"\n"
	"Verbs:\n"
	"  config                     read user data, write the managed block of /etc/ecs/ecs.config\n"
	"  show                       print what config would change in which file, as diffs; write nothing\n"
	"  late-check                 print what is odd in ecs.config now that user data has run\n"
	"  parts FILE                 list what cloud-init and ecs-bootstrap find in user data; FILE may be -\n"
	"  check FILE                 find what is wrong or risky in user data, on any machine; FILE may be -\n"
	"  apply FILE                 config, and with the settings in FILE too, if config has not read them; for scripts with\n"
	"                             '#!/usr/bin/ecs-bootstrap apply' as first line\n"
	"  after-user-data COMMAND…   wait until cloud-init has worked off the user data, then run COMMAND\n"
	"  start-tasks                wait for the agent to register, then start the tasks of startTasks, each one once\n"
	"  status                     print what became of each step of this boot: result, duration, cause; and what can be seen now\n"
	"  wait                       wait until the agent has registered with ECS\n"
	"  doctor                     find the usual causes why this instance does not join or tasks fail, and say the cure\n"
	"  collect-logs               put all that somebody who helps asks for into one tar.gz, secrets hidden\n"
	"  plot [FILE]                print the steps of this boot, or of what status --json printed, as a picture (SVG)\n"
	"  packages                   install what `packages` and `efs` ask for, once for an instance id\n"
	"  efs-mounts                 wait for the mounts of `efs`, say why one fails, and have it tried again\n"
	"  bake                       make a root ready to become an image: folders, units, the agent's image\n"
	"  seal                       take away what belongs to one instance, before its disk becomes an image\n"
	"  version                    print the version\n"
	"  help [settings]            print this text, or every key of the settings document\n"
	"\n"
	"Options of config and show:\n"
	"  --user-data FILE           read this file instead of the instance metadata\n"
	"  --imds-timeout SECONDS     give up on the instance metadata after so long (default 120)\n"
	"\n"
	"Options of start-tasks, wait, packages and efs-mounts:\n"
	"  --timeout SECONDS          give up after so long (default 900; also 5m, 1h); start-tasks: on the agent, and then on the tasks\n"
	"  --ready-after SECONDS      packages: tell systemd that others need not wait any longer (default 120)\n"
	"\n"
	"Option of after-user-data:\n"
	"  --retry SECONDS            have user data applied again so long after a failure that may pass (default 60; later after longer)\n"
	"\n"
	"Options of collect-logs:\n"
	"  --output FILE              the archive (default ./ecs-logs-INSTANCE-TIME.tar.gz)\n"
	"  --with-user-data           the user data too\n"
	"\n"
	"Options of bake and seal:\n"
	"  --dry-run                  say what would be done, and do nothing\n"
	"  --agent-tar FILE           bake: place this file of 'docker save', if it holds the agent's image\n"
	"\n"
	"Options of parts, check, show, status, wait, doctor, bake and seal:\n"
	"  --json                     as JSON\n"
	"\n"
	"Options of all verbs:\n"
	"  --root DIR                 the folder that stands for / in what is read and written\n"
	"\n"
	"Exit status: 0 done, 1 failure or findings, 2 wrong usage. See ecs-bootstrap(8).\n";

static int run_version(const struct options *o)
{
	(void) o;
	puts("ecs-bootstrap " VERSION);
	return EXIT_DONE;
}

static int run_help(const struct options *o)
{
	AUTO_BUF text = { 0 };

	if (!o->rest || !o->rest[0]) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	if (strcmp(o->rest[0], "settings") != 0) {
		fprintf(stderr, "ecs-bootstrap: there is no help on '%s'\n", o->rest[0]);
		return EXIT_USAGE;
	}
	if (settings_describe(&text) < 0)
		return EXIT_FAILED;
	fwrite(buf_view(&text).p, 1, text.len, stdout);
	return EXIT_DONE;
}

static const struct verb {
	const char *name;
	int (*run)(const struct options *o);
	bool logs; /* also to the log file */
} verbs[] = {
	{ "config", run_config, true },
	{ "show", run_show, false },
	{ "late-check", run_late, false },
	{ "parts", run_parts, false },
	{ "check", run_check, false },
	{ "apply", run_apply, true },
	{ "after-user-data", run_after, true },
	{ "start-tasks", run_start_tasks, true },
	{ "status", run_status, false },
	{ "wait", run_wait, false },
	{ "doctor", run_doctor, false },
	{ "collect-logs", run_collect_logs, false },
	{ "plot", run_plot, false },
	{ "packages", run_packages, true },
	{ "efs-mounts", run_efs_mounts, true },
	{ "bake", run_bake, false },
	{ "seal", run_seal, false },
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

static int parse_seconds(const char *option, const char *text, unsigned *ret)
{
	uint64_t n;

	if (parse_duration(view_of(text), 3600, &n) < 0) {
		fprintf(stderr, "ecs-bootstrap: --%s takes whole seconds from 0 to 3600, or 5m or 1h, not '%s'\n", option, text);
		return -EINVAL;
	}
	*ret = (unsigned) n;
	return 0;
}

static unsigned *seconds_of(struct options *o, int option)
{
	switch (option) {
	case 't':
		return &o->imds_timeout_s;
	case 'w':
		return &o->timeout_s;
	case 'y':
		return &o->ready_after_s;
	default:
		return &o->retry_s;
	}
}

/* Leaves in o->rest what is no option. Negative: usage was wrong and has been said; positive: --help or --version. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "root", required_argument, NULL, 'r' },    { "user-data", required_argument, NULL, 'u' },
		{ "imds-timeout", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },       { "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 'w' }, { "ready-after", required_argument, NULL, 'y' },
		{ "dry-run", no_argument, NULL, 'n' },      { "agent-tar", required_argument, NULL, 'a' },
		{ "retry", required_argument, NULL, 'e' },  { "output", required_argument, NULL, 'o' }, { "with-user-data", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	int c, which = 0;

	while ((c = getopt_long(argc, argv, "+hr:", names, &which)) != -1) {
		switch (c) {
		case 'r':
			o->root = optarg;
			break;
		case 'u':
			o->user_data = optarg;
			break;
		case 't':
		case 'w':
		case 'y':
		case 'e':
			if (parse_seconds(names[which].name, optarg, seconds_of(o, c)) < 0)
				return -EINVAL;
			break;
		case 'n':
			o->dry = true;
			break;
		case 'a':
			o->agent_tar = optarg;
			break;
		case 'o':
			o->output = optarg;
			break;
		case 'd':
			o->with_user_data = true;
			break;
		case 'j':
			o->json = true;
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
	struct options o = { .imds_timeout_s = IMDS_TIMEOUT_S, .timeout_s = TIMEOUT_S, .ready_after_s = READY_AFTER_S, .retry_s = RETRY_S, .root_fd = -1 };
	const struct verb *verb = NULL;
	struct err e;
	int r = parse_command_line(argc, argv, &o, &verb);

	if (r > 0) {
		o.rest = NULL; /* a verb that stands before --help is no subject */
		return r == 'h' ? run_help(&o) : run_version(&o);
	}
	if (r < 0)
		return EXIT_USAGE;
	if (root_open(o.root, &o.root_fd, &e) < 0) {
		fprintf(stderr, "ecs-bootstrap: %s\n", e.text);
		return EXIT_FAILED;
	}
	log_open("ecs-bootstrap", o.root_fd, verb->logs ? PATH_BOOTSTRAP_LOG : NULL);
	log_field(LOG_UNIT, "ecs-bootstrap.service");
	return verb->run(&o);
}
