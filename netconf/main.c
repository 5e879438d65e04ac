/* ecs-netconf: the kernel rules and sysctls of a container instance. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"
#include "netconf/lock.h"
#include "netconf/render.h"
#include "netconf/ruleset.h"
#include "netconf/switches.h"
#include "netconf/sysctl.h"
#include "netconf/xtables.h"

#define PROGRAM "ecs-netconf"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_DIFFERS = 1, EXIT_USAGE = 2, LOCK_WAIT_MS = 30000 };

/* What every verb works with. */
struct host {
	int            root; /* stands for "/" in our own files */
	int            proc; /* the real "/": the kernel has only one /proc/sys */
	struct netconf nc;
	bool           ipv6;
};

static struct sysctls sysctls_of(const struct host *h)
{
	return (struct sysctls) { .root = h->root, .proc = h->proc, .bridge = h->nc.bridge };
}

static int fail(const char *verb, const struct err *e)
{
	log_error("%s rules: %s", verb, e->text);
	return EXIT_FAILED;
}

/* The families whose rules can be made here; IPv4 must be one of them. Read and compared on return. */
static int read_all(const struct host *h, struct ruleset sets[FAMILIES], size_t *ret_n, struct err *e)
{
	*ret_n = 0;
	for (enum family f = 0; f < FAMILIES; f++) {
		struct ruleset *set = &sets[*ret_n];
		int r;

		if (f == FAMILY_IPV6 && !h->ipv6) {
			log_info("rules for IPv6 left out: the kernel runs without IPv6");
			continue;
		}
		*set = (struct ruleset) { .family = f };
		rules_wanted(&h->nc, f, &set->wanted);
		r = ruleset_read(set, e);
		if (r < 0)
			return r;
		if (r == RULESET_ABSENT && f == FAMILY_IPV4)
			return err_say(e, -ENOENT, "run 'iptables-save': not found (package iptables)");
		if (r == RULESET_ABSENT)
			log_info("rules for IPv6 left out: ip6tables-save not found (package iptables)");
		else
			(*ret_n)++;
	}
	return 0;
}

/* All questions come before the first change; where nothing is to be changed, none is asked. */
static int check_all(const struct ruleset *sets, size_t n, struct err *e)
{
	const struct wanted *ask[FAMILIES] = { NULL };
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (state_right(&sets[i].state))
			continue;
		ask[sets[i].family] = &sets[i].wanted;
		any = true;
	}
	return any ? xtables_check(ask, e) : 0;
}

static int change_all(struct ruleset *sets, size_t n, struct err *e)
{
	int r = check_all(sets, n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (state_right(&sets[i].state))
			continue;
		r = ruleset_change(&sets[i], e);
		if (r == 0)
			log_info("rules for %s made", family_name(sets[i].family));
	}
	return r;
}

/* The filter must stand before route_localnet lets packets for 127.0.0.1 in: sysctls come last. */
static int apply_all(const struct host *h, struct ruleset *sets, struct err *e)
{
	struct sysctls sysctls = sysctls_of(h);
	size_t n;
	int r = read_all(h, sets, &n, e);

	if (r == 0)
		r = change_all(sets, n, e);
	if (r == 0)
		r = sysctls_apply(&sysctls, e);
	if (r == SYSCTL_CHANGED)
		log_info("sysctls for task credentials set");
	return r;
}

static int verb_apply(const struct host *h)
{
	struct ruleset sets[FAMILIES] = { 0 };
	struct err e;
	AUTO_FD lock = -1;
	int r = lock_take(h->root, LOCK_WAIT_MS, &lock, &e);

	if (r == 0)
		r = apply_all(h, sets, &e);
	for (size_t i = 0; i < FAMILIES; i++)
		ruleset_done(&sets[i]);
	return r < 0 ? fail("apply", &e) : EXIT_DONE;
}

/* 0 also if there is nothing to remove, or no iptables that could have made anything. */
static int remove_family(enum family family, struct err *e)
{
	AUTO_RULESET set = { .family = family };
	int r = ruleset_read(&set, e);

	if (r == RULESET_ABSENT || (r == 0 && state_right(&set.state)))
		return 0;
	if (r == 0)
		r = ruleset_change(&set, e);
	if (r == 0)
		log_info("rules for %s removed", family_name(family));
	return r;
}

/* As much as can be removed is removed; each failure is told. */
static int verb_remove(const struct host *h)
{
	struct sysctls sysctls = sysctls_of(h);
	AUTO_FD lock = -1;
	int status = EXIT_DONE;
	struct err e;

	if (lock_take(h->root, LOCK_WAIT_MS, &lock, &e) < 0)
		return fail("remove", &e);
	if (sysctls_remove(&sysctls, &e) < 0)
		status = fail("remove", &e);
	for (enum family f = 0; f < FAMILIES; f++)
		if ((f != FAMILY_IPV6 || h->ipv6) && remove_family(f, &e) < 0)
			status = fail("remove", &e);
	return status;
}

static int report_all(const struct host *h, struct ruleset *sets, struct buf *out, struct err *e)
{
	struct sysctls sysctls = sysctls_of(h);
	size_t n;
	int r = read_all(h, sets, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = state_report(&sets[i].wanted, &sets[i].state, buf_view(&sets[i].saved), sets[i].family, out);
		if (r < 0)
			return err_set(e, r, "report %s rules", family_name(sets[i].family));
	}
	return r < 0 ? r : sysctls_report(&sysctls, out, e);
}

static int verb_check(const struct host *h)
{
	struct ruleset sets[FAMILIES] = { 0 };
	AUTO_BUF out = { .limit = 0 };
	struct err e;
	int r = report_all(h, sets, &out, &e);

	for (size_t i = 0; i < FAMILIES; i++)
		ruleset_done(&sets[i]);
	if (r < 0)
		return fail("check", &e);
	if (out.len > 0)
		(void) fwrite(out.p, 1, out.len, stdout);
	return out.len > 0 ? EXIT_DIFFERS : EXIT_DONE;
}

static int show_family(const struct host *h, enum family family, struct buf *out)
{
	struct view nothing = { "", 0 };
	struct wanted wanted;
	struct state state;
	int r;

	rules_wanted(&h->nc, family, &wanted);
	reconcile(&wanted, nothing, &state);
	r = buf_printf(out, "# %s --noflush\n", family == FAMILY_IPV6 ? "ip6tables-restore" : "iptables-restore");
	return r < 0 ? r : render_changes(&wanted, &state, nothing, out);
}

static int verb_show(const struct host *h)
{
	struct sysctls sysctls = sysctls_of(h);
	AUTO_BUF out = { .limit = 0 };
	struct err e;
	int r = show_family(h, FAMILY_IPV4, &out);

	if (r == 0 && h->ipv6)
		r = show_family(h, FAMILY_IPV6, &out);
	if (r == 0)
		r = sysctls_show(&sysctls, &out);
	if (r < 0) {
		(void) err_set(&e, r, "render");
		return fail("show", &e);
	}
	(void) fwrite(out.p, 1, out.len, stdout);
	return EXIT_DONE;
}

static const struct verb {
	const char *name;
	int (*run)(const struct host *h);
	bool        logged;     /* in the file too: it changes the host */
	bool        privileged; /* works with the kernel's rules */
	const char *help;
} verbs[] = {
	{ "apply", verb_apply, true, true, "make the rules and sysctls, or mend them" },
	{ "remove", verb_remove, true, true, "take the rules away, put the sysctls back" },
	{ "check", verb_check, false, true, "print what differs; exit 1 if anything does" },
	{ "show", verb_show, false, false, "print the rules as input for iptables-restore" },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: " PROGRAM " [--root DIR] [--bridge NAME|none] VERB\n\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		fprintf(to, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	fprintf(to, "\n  --root DIR           DIR stands for / in the files it reads and writes (not in /proc)\n"
		    "  --bridge NAME|none   Docker's default bridge (docker0)\n"
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
	if (strcmp(a->bridge, "none") == 0)
		a->bridge = NULL;
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

static int host_open(struct host *h, const struct arguments *a, struct err *e)
{
	AUTO_BUF warnings = { .limit = 0 };
	struct view rest, line;
	int r = root_open(a->root, &h->root, e);

	if (r == 0)
		r = root_open(NULL, &h->proc, e);
	if (r < 0)
		return r;
	log_open(PROGRAM, h->root, a->verb->logged ? PATH_INIT_LOG : NULL);
	h->nc.bridge = a->bridge;
	h->ipv6 = dir_exists(h->proc, "/proc/sys/net/ipv6");
	r = switches_load(h->root, from_environment, &h->nc, &warnings, e);
	for (rest = buf_view(&warnings); view_line(&rest, &line);)
		log_warn("%.*s", VIEW_ARG(line, (size_t) 512));
	return r;
}

static int run(const struct arguments *a, struct host *h)
{
	struct err e;

	log_open(PROGRAM, -1, NULL);
	if (host_open(h, a, &e) < 0)
		return fail(a->verb->name, &e);
	if (a->verb->privileged && geteuid() != 0) { /* iptables-legacy-save would print nothing and call it success */
		(void) err_say(&e, -EPERM, "must be root");
		return fail(a->verb->name, &e);
	}
	return a->verb->run(h);
}

int main(int argc, char **argv)
{
	struct arguments a = { .bridge = "docker0" };
	struct host h = { .root = -1, .proc = -1 };
	int status = arguments_read(argc, argv, &a);

	if (status < 0)
		status = run(&a, &h);
	fd_closep(&h.root);
	fd_closep(&h.proc);
	return fflush(stdout) == 0 ? status : EXIT_FAILED;
}
