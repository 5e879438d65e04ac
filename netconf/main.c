/* ecs-netconf: the kernel rules and sysctls of a container instance. */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/steps.h"
#include "netconf/backend.h"
#include "netconf/conf.h"
#include "netconf/lock.h"
#include "netconf/route.h"
#include "netconf/seen.h"
#include "netconf/switches.h"
#include "netconf/sysctl.h"

#define PROGRAM    "ecs-netconf"
#define STEP_RULES "rules"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_DIFFERS = 1, EXIT_USAGE = 2, LOCK_WAIT_MS = 30000 };

/* What every verb works with. */
struct host {
	struct plan plan;
	int         proc;          /* the real "/": the kernel has only one /proc/sys */
	bool        bridge_given;  /* by --bridge */
	char        bridge[IF_NAMESIZE]; /* of the last apply */
	struct buf  notes;
};

static int sysctls_of(const struct host *h, struct sysctls *ret, struct err *e)
{
	*ret = (struct sysctls) { .root = h->plan.root, .proc = h->proc, .bridge = h->plan.nc.bridge,
				  .no_task_roles = h->plan.nc.no_task_roles, .old_systemd = h->plan.packages.old_systemd };
	return rtnl_bridges(&ret->bridges, e);
}

static void log_lines(const struct buf *lines, int level)
{
	struct view rest = buf_view(lines), line;

	while (view_line(&rest, &line))
		log_line(level, "%.*s", VIEW_ARG(line, (size_t) 512));
}

static int fail(const char *verb, const struct err *e)
{
	log_error("%s rules: %s", verb, e->text);
	return EXIT_FAILED;
}

/* The filter must stand before route_localnet lets packets for 127.0.0.1 in: sysctls come last. */
static int apply_all(struct host *h, struct err *e)
{
	struct sysctls sysctls;
	int r = h->bridge_given ? conf_keep_bridge(h->plan.root, h->plan.nc.bridge, e) : 0;

	if (r == 0)
		r = backend_apply(&h->plan, e);
	if (r == 0)
		r = sysctls_of(h, &sysctls, e);
	if (r == 0)
		r = sysctls_apply(&sysctls, e);
	if (r == SYSCTL_CHANGED)
		log_info("sysctls for task credentials set");
	if (r >= 0)
		r = route_apply(h->plan.root, !h->plan.nc.no_task_roles, e);
	if (r == ROUTE_CHANGED)
		log_info("route to 169.254.170.2 for hosts without an IPv4 default route %s", h->plan.nc.no_task_roles ? "deleted" : "made");
	return r;
}

/* For `ecs-bootstrap status`. */
static void note_apply(const struct host *h, long begin, int r, const struct err *why)
{
	struct view notes = buf_view(&h->notes), first = { "as they were", 12 };
	enum backend b = BACKEND_AUTO;
	struct err unused;

	(void) view_line(&notes, &first);
	if (r < 0)
		step_note(h->plan.root, STEP_RULES, STEP_FAILED, begin, "%s", why->text);
	else if (h->notes.len > 0 || !step_is(h->plan.root, STEP_RULES, STEP_DONE, NULL))
		step_note(h->plan.root, STEP_RULES, STEP_DONE, begin, "by %s: %.*s",
			  backend_choose(&h->plan, &b, &unused) < 0 ? "nobody" : backend_name(b), VIEW_ARG(first, (size_t) 300));
}

static int verb_apply(struct host *h)
{
	long begin = clock_ms();
	struct err e;
	AUTO_FD lock = -1;
	int r = lock_take(h->plan.root, LOCK_WAIT_MS, &lock, &e);

	if (r == 0)
		r = apply_all(h, &e);
	note_apply(h, begin, r, &e);
	log_lines(&h->notes, LOG_INFO);
	return r < 0 ? fail("apply", &e) : EXIT_DONE;
}

static int remove_files(const struct host *h, struct err *e)
{
	int r = file_remove(h->plan.root, CONF_BRIDGE, e);

	return r < 0 ? r : file_remove(h->plan.root, SEEN_RULES, e);
}

/* As much as can be removed is removed; each failure is told. */
static int verb_remove(struct host *h)
{
	struct sysctls sysctls;
	AUTO_FD lock = -1;
	int status = EXIT_DONE;
	struct err e;

	if (lock_take(h->plan.root, LOCK_WAIT_MS, &lock, &e) < 0)
		return fail("remove", &e);
	if (sysctls_of(h, &sysctls, &e) < 0 || sysctls_remove(&sysctls, &e) < 0)
		status = fail("remove", &e);
	if (route_remove(h->plan.root, &e) < 0)
		status = fail("remove", &e);
	if (backend_remove(&h->plan, &e) < 0)
		status = fail("remove", &e);
	if (remove_files(h, &e) < 0)
		status = fail("remove", &e);
	log_lines(&h->notes, LOG_INFO);
	return status;
}

static int report_all(const struct host *h, struct buf *out, struct err *e)
{
	struct sysctls sysctls;
	int r = backend_report(&h->plan, out, e);

	if (r >= 0)
		r = sysctls_of(h, &sysctls, e);
	if (r >= 0)
		r = sysctls_report(&sysctls, out, e);
	return r < 0 ? r : route_report(!h->plan.nc.no_task_roles, out, e);
}

static int verb_check(struct host *h)
{
	AUTO_BUF out = { .limit = 0 };
	enum backend b = BACKEND_AUTO;
	struct err e;

	if (backend_choose(&h->plan, &b, &e) < 0 || report_all(h, &out, &e) < 0)
		return fail("check", &e);
	log_lines(&h->notes, LOG_INFO);
	printf("# backend: %s\n%s", backend_name(b), out.p ? out.p : "");
	return out.len > 0 ? EXIT_DIFFERS : EXIT_DONE;
}

static int verb_show(struct host *h)
{
	AUTO_BUF out = { .limit = 0 };
	struct sysctls sysctls;
	struct err e;
	int r = backend_show(&h->plan, &out, &e);

	if (r == 0)
		r = sysctls_of(h, &sysctls, &e);
	if (r == 0 && (r = sysctls_show(&sysctls, &out)) < 0)
		(void) err_set(&e, r, "render");
	if (r == 0)
		r = route_show(!h->plan.nc.no_task_roles, &out, &e);
	if (r < 0)
		return fail("show", &e);
	(void) fwrite(out.p, 1, out.len, stdout);
	return EXIT_DONE;
}

static const struct verb {
	const char *name;
	int (*run)(struct host *h);
	bool        logged;     /* in the file too: it changes the host */
	bool        privileged; /* works with the kernel's rules */
	const char *help;
} verbs[] = {
	{ "apply", verb_apply, true, true, "make the rules and sysctls, or mend them" },
	{ "remove", verb_remove, true, true, "take the rules away, put the sysctls back" },
	{ "check", verb_check, false, true, "print the backend and what differs; exit 1 if anything does" },
	{ "show", verb_show, false, false, "print the backend, and the rules as input for iptables-restore or nft" },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: " PROGRAM " [--root DIR] [--bridge NAME|none] VERB\n\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		fprintf(to, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	fprintf(to, "\n  --root DIR           DIR stands for / in the files it reads and writes (not in /proc)\n"
		    "  --bridge NAME|none   Docker's default bridge; kept for later calls without it (docker0)\n"
		    "  --help, --version\n");
}

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

struct arguments {
	const char        *root, *bridge;
	const struct verb *verb;
};

/* Options that end the program; getopt_long() has told already what it does not know. */
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
		{ "root", required_argument, NULL, 'r' }, { "bridge", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },	  { "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'r')
			a->root = optarg;
		else if (c == 'b')
			a->bridge = optarg;
		else
			return answer(c);
	}
	a->verb = optind == argc - 1 ? verb_find(argv[optind]) : NULL;
	if (!a->verb) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (a->bridge && !bridge_name_ok(a->bridge)) {
		fprintf(stderr, PROGRAM ": read --bridge: '%s' is no name of an interface\n", a->bridge);
		return EXIT_USAGE;
	}
	return -1;
}

static const char *from_environment(const char *name)
{
	return getenv(name);
}

/* What was said now, else what the last apply was told, else Docker's own default. */
static void choose_bridge(struct host *h, const struct arguments *a)
{
	const char *name = a->bridge;

	h->bridge_given = name != NULL;
	if (!name)
		name = conf_bridge(h->plan.root, h->bridge) ? h->bridge : "docker0";
	h->plan.nc.bridge = strcmp(name, "none") == 0 ? NULL : name;
}

static int host_open(struct host *h, const struct arguments *a, struct err *e)
{
	AUTO_BUF warnings = { .limit = 0 };
	struct utsname u = { .release = "" };
	int r = root_open(a->root, &h->plan.root, e);

	if (r == 0)
		r = root_open(NULL, &h->proc, e);
	if (r < 0)
		return r;
	log_open(PROGRAM, h->plan.root, a->verb->logged ? PATH_INIT_LOG : NULL);
	(void) uname(&u);
	log_field(LOG_UNIT, "ecs.service");
	packages_find(h->plan.root, u.release, &h->plan.packages);
	choose_bridge(h, a);
	h->plan.ipv6 = dir_exists(h->proc, "/proc/sys/net/ipv6");
	h->plan.notes = &h->notes;
	r = switches_load(h->plan.root, from_environment, &h->plan.nc, &warnings, e);
	if (r == 0)
		r = conf_load(&h->plan, &warnings, e);
	log_lines(&warnings, LOG_WARNING);
	return r;
}

/* Asked here: without it iptables-legacy-save prints nothing and calls it success. */
static int privileged(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (geteuid() != 0)
		return err_say(e, -EPERM, "must be root");
	if (syscall(SYS_capget, &head, data) == 0 && !(data[0].effective & 1U << CAP_NET_ADMIN))
		return err_say(e, -EPERM, "must have CAP_NET_ADMIN: Operation not permitted");
	return 0;
}

static int run(const struct arguments *a, struct host *h)
{
	struct err e;

	log_open(PROGRAM, -1, NULL);
	if (host_open(h, a, &e) < 0)
		return fail(a->verb->name, &e);
	if (a->verb->privileged && privileged(&e) < 0)
		return fail(a->verb->name, &e);
	return a->verb->run(h);
}

int main(int argc, char **argv)
{
	struct arguments a = { .bridge = NULL };
	struct host h = { .plan.root = -1, .proc = -1 };
	int status = arguments_read(argc, argv, &a);

	if (status < 0)
		status = run(&a, &h);
	fd_closep(&h.plan.root);
	fd_closep(&h.proc);
	buf_done(&h.notes);
	return fflush(stdout) == 0 ? status : EXIT_FAILED;
}
