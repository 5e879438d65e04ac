/* These two before the rest: <linux/if.h> yields to <net/if.h> only if it comes second. */
#include <net/if.h>
#include <xtables.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "netconf/nfnl.h"
#include "netconf/present.h"
#include "netconf/xtables.h"

enum { NEEDS_MAX = 16, SECONDS_MAX = 20, SAID_MAX = 4096 };

struct need {
	bool target;
	char name[XT_EXTENSION_MAXNAMELEN];
};

/* What the child found out, in memory shared with it. */
struct finding {
	enum { ALL_THERE, NOT_INSTALLED, KERNEL_LACKS } what;
	enum family family;
	struct need need;
};

/* Written by kernel_has(), which libxtables calls, while one extension is looked up. */
static bool kernel_refused;

static void need_add(struct need *needs, size_t *n, bool target, struct view name)
{
	struct need new = { .target = target };

	snprintf(new.name, sizeof new.name, "%.*s", VIEW_ARG(name, sizeof new.name - 1));
	for (size_t i = 0; i < *n; i++)
		if (needs[i].target == target && strcmp(needs[i].name, new.name) == 0)
			return;
	if (*n < NEEDS_MAX)
		needs[(*n)++] = new;
}

static void needs_of_rule(struct view rule, struct need *needs, size_t *n)
{
	struct view word;

	while ((word = rule_word(&rule)).len > 0) {
		struct view name;

		if (!view_is(word, "-m") && !view_is(word, "-j"))
			continue;
		name = rule_word(&rule);
		/* The two verdicts are part of every kernel with iptables, and of no extension. */
		if (!view_is(name, "ACCEPT") && !view_is(name, "DROP"))
			need_add(needs, n, view_is(word, "-j"), name);
	}
}

static size_t needs_of(const struct wanted *w, struct need needs[NEEDS_MAX])
{
	size_t n = 0;

	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		for (size_t i = 0; i < w->chain[c].n; i++)
			needs_of_rule(view_of(w->chain[c].rule[i]), needs, &n);
	return n;
}

/* The question of hosts with the older ip_tables alone. Answers as nfnl_has_extension(). */
static int ask_ip_tables(const char *name, uint8_t revision, int option, uint8_t family)
{
	int level = family == NFPROTO_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP;
	AUTO_FD fd = socket(family == NFPROTO_IPV6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct xt_get_revision rev = { .revision = revision };
	socklen_t len = sizeof rev;

	snprintf(rev.name, sizeof rev.name, "%s", name);
	if (fd < 0 || getsockopt(fd, level, option, &rev, &len) < 0)
		return errno == EPROTONOSUPPORT ? -ENOENT : -errno;
	return 0;
}

/* libxtables asks this for one revision of an extension after the other. Its own way knows nothing of nf_tables. */
static int kernel_has(const char *name, uint8_t revision, int option)
{
	bool ipv6 = option == IP6T_SO_GET_REVISION_MATCH || option == IP6T_SO_GET_REVISION_TARGET;
	bool target = option == IPT_SO_GET_REVISION_TARGET || option == IP6T_SO_GET_REVISION_TARGET;
	uint8_t family = ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	int r;

	/* iptables-nft makes ports of TCP into native nf_tables expressions: it does without the kernel's own match. */
	if (!target && strcmp(name, "tcp") == 0)
		return 1;
	r = nfnl_has_extension(name, revision, target, family);
	if (r != 0 && r != -ENOENT)
		r = ask_ip_tables(name, revision, option, family);
	if (r == -ENOENT)
		kernel_refused = true;
	return r != -ENOENT;
}

static void __attribute__((noreturn, format(printf, 2, 3))) give_up(enum xtables_exittype status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void) vdprintf(STDERR_FILENO, fmt, ap);
	va_end(ap);
	_exit((int) status);
}

static void look_up(enum family family, const struct need *need, struct finding *f)
{
	bool found;

	kernel_refused = false;
	found = need->target ? xtables_find_target(need->name, XTF_TRY_LOAD) != NULL
			     : xtables_find_match(need->name, XTF_TRY_LOAD, NULL) != NULL;
	if (found)
		return;
	f->family = family;
	f->need = *need;
	f->what = kernel_refused ? KERNEL_LACKS : NOT_INSTALLED;
}

static void look_up_all(const struct wanted *const wanted[FAMILIES], struct finding *f)
{
	for (enum family family = 0; family < FAMILIES; family++) {
		struct need needs[NEEDS_MAX];
		size_t n = wanted[family] ? needs_of(wanted[family], needs) : 0;

		xtables_set_nfproto(family == FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
		for (size_t i = 0; i < n && f->what == ALL_THERE; i++)
			look_up(family, &needs[i], f);
	}
}

/* Here it does no harm that libxtables prints to standard error and calls exit(). */
static void __attribute__((noreturn)) child(const struct wanted *const wanted[FAMILIES], int said, struct finding *f)
{
	static struct option none[] = { { 0 } };
	static struct xtables_globals globals = {
		.program_name = "ecs-netconf",
		.program_version = "",
		.orig_opts = none,
		.opts = none,
		.exit_err = give_up,
		.compat_rev = kernel_has,
	};

	(void) alarm(SECONDS_MAX); /* loading a kernel module may hang */
	(void) dup2(said, STDERR_FILENO);
	if (xtables_init_all(&globals, NFPROTO_IPV4) < 0)
		_exit(EXIT_FAILURE);
	look_up_all(wanted, f);
	_exit(EXIT_SUCCESS);
}

static void collect(int fd, struct buf *said)
{
	char chunk[512];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			(void) !buf_add(said, chunk, (size_t) n); /* the limit is enough for a sentence */
}

/* 0: it came to its end and *f is filled. */
static int run_child(const struct wanted *const wanted[FAMILIES], struct finding *f, struct buf *said)
{
	int pipe_fds[2], status;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	(void) fflush(NULL); /* or the child's exit() prints our bytes again */
	pid = fork();
	if (pid == 0)
		child(wanted, pipe_fds[1], f);
	fd_closep(&pipe_fds[1]);
	if (pid > 0)
		collect(pipe_fds[0], said);
	fd_closep(&pipe_fds[0]);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status == 0 ? 0 : -EIO;
}

/* Where the build of the host's iptables decided; that it is beside the library is so on all distributions that we know. */
bool xtables_folder(struct stat *ret)
{
	const char *folder = getenv("XTABLES_LIBDIR");
	char beside[PATH_MAX];
	Dl_info library;

	if (!folder) {
		if (dladdr((void *) xtables_find_match, &library) == 0 || !strrchr(library.dli_fname, '/') ||
		    snprintf(beside, sizeof beside, "%.*s/xtables", (int) (strrchr(library.dli_fname, '/') - library.dli_fname),
			     library.dli_fname) >= (int) sizeof beside)
			return false;
		folder = beside;
	}
	return stat(folder, ret) == 0;
}

static const char *kind_of(const struct finding *f)
{
	return f->need.target ? "target" : "match";
}

static const char *prefix_of(const struct finding *f)
{
	return f->family == FAMILY_IPV6 ? "ip6t" : "ipt";
}

/* The program that loads modules for the kernel. Empty if it is there, or if none is to be called. */
static void absent_helper(char ret[PATH_MAX])
{
	AUTO_BUF text = { .limit = 0 };
	AUTO_FD proc = -1;
	struct view path;
	struct err unused;

	ret[0] = '\0';
	if (root_open(NULL, &proc, &unused) < 0 || file_read(proc, "/proc/sys/kernel/modprobe", PATH_MAX - 1, &text, &unused) != 0)
		return;
	path = view_trim(buf_view(&text));
	snprintf(ret, PATH_MAX, "%.*s", VIEW_ARG(path, (size_t) PATH_MAX - 1));
	if (ret[0] != '/' || access(ret, X_OK) == 0)
		ret[0] = '\0';
}

/* The module's name is that by which the kernel asks for it. */
static int lacks(const struct finding *f, const struct packages *packages, struct err *e)
{
	char helper[PATH_MAX];

	absent_helper(helper);
	if (helper[0])
		return err_say(e, -ENOENT, "%s '%s': kernel module '%s_%s' not loaded: '%.64s' not found (package %s)", kind_of(f),
			       f->need.name, prefix_of(f), f->need.name, helper, packages->kmod);
	return err_say(e, -ENOENT, "%s '%s': kernel module '%s_%s' not available (package %s)", kind_of(f), f->need.name,
		       prefix_of(f), f->need.name, packages->modules);
}

static int judge(const struct finding *f, struct view said, const struct packages *packages, struct err *e)
{
	if (f->what == KERNEL_LACKS)
		return lacks(f, packages, e);
	if (f->what == NOT_INSTALLED && said.len > 0)
		return err_say(e, -ENOENT, "%s '%s': extension cannot be loaded: %.*s", kind_of(f), f->need.name,
			       VIEW_ARG(said, (size_t) 300));
	if (f->what == NOT_INSTALLED)
		return err_say(e, -ENOENT, "%s '%s': extension 'libxt_%s.so' not installed (package %s)", kind_of(f),
			       f->need.name, f->need.name, packages->extensions);
	return 0;
}

int xtables_check(const struct wanted *const wanted[FAMILIES], const struct packages *packages, struct err *e)
{
	AUTO_BUF said = { .limit = SAID_MAX };
	struct finding found, *shared;
	struct view why;
	int r;

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return err_set(e, -errno, "ask libxtables");
	r = run_child(wanted, shared, &said);
	found = *shared;
	why = view_trim(buf_view(&said));
	(void) munmap(shared, sizeof *shared);
	if (r == -EIO)
		return err_say(e, r, "ask libxtables: it gave up: %.*s", VIEW_ARG(why, (size_t) 300));
	if (r < 0)
		return err_set(e, r, "ask libxtables");
	return judge(&found, why, packages, e);
}
