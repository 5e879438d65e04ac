/* mount.efs: mounts an EFS file system for mount(8), with TLS and IAM by ecs-efs-tunnel. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/efs-cause.h"
#include "common/file.h"
#include "common/log.h"
#include "efs/mount/conf.h"
#include "efs/mount/nfs.h"
#include "efs/mount/unit.h"
#include "efs/mountinfo.h"

#define PROGRAM "mount.efs"

/* Exit codes of mount(8). */
enum { EXIT_DONE = 0, EXIT_USAGE = 1, EXIT_SYSTEM = 2, EXIT_FAILED = 32 };

enum {
	TOTAL_MS = 80000, /* less than systemd (90 s) and Docker (120 s) wait */
	LOCK_LOOK_MS = 100,
	CONF_MAX = 256 << 10,
	MOUNTINFO_MAX = 16 << 20,
};

struct arguments {
	const char *root, *spec, *dir, *options;
	bool        fake, sloppy, no_mtab, verbose;
};

/* One mount on its way. */
struct course {
	const struct arguments *arguments;
	int                     root, netns, lock;
	long                    deadline;
	char                    dir[PATH_MAX];
	char                    base[EFS_BASE_SIZE];
	struct efs_spec         spec;
	struct efs_options      options;
	struct place            place;
	struct buf              conf;
	struct imds            *imds;
};

static void course_done(struct course *c)
{
	fd_closep(&c->root);
	fd_closep(&c->netns);
	fd_closep(&c->lock);
	efs_options_done(&c->options);
	buf_done(&c->conf);
	imds_freep(&c->imds);
}

/* --- what is there */

/* Whether the topmost mount at the folder is NFS. */
static int is_mounted(const struct course *c, bool *ret, struct err *e)
{
	AUTO_BUF text = { .limit = MOUNTINFO_MAX };
	struct view rest;
	struct mountinfo m;
	int r = file_read(c->root, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, e);

	*ret = false;
	rest = buf_view(&text);
	while (r == 0 && mountinfo_next(&rest, &m))
		if (mountinfo_is(m.point, c->dir))
			*ret = view_is(m.type, "nfs4") || view_is(m.type, "nfs");
	return r < 0 ? r : 0;
}

/* Two that mount at one folder at once would share a tunnel's name: the second waits, and finds it mounted. */
static int take_lock(struct course *c, struct err *e)
{
	c->lock = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->lock < 0)
		return err_set(e, -errno, "open '%s'", c->dir);
	while (flock(c->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(e, -errno, "lock '%s'", c->dir);
		if (clock_ms() > c->deadline)
			return err_say(e, -ETIMEDOUT, "lock '%s': another mount.efs has been at work there all the time", c->dir);
		clock_sleep_ms(LOCK_LOOK_MS);
	}
	return 0;
}

static int look_around(struct course *c, struct err *e)
{
	struct view path = c->options.value[OPT_NETNS];
	char text[PATH_MAX];
	int r = file_read(c->root, PATH_EFS_UTILS_CONF, CONF_MAX, &c->conf, e);

	if (r < 0)
		return r;
	if (!c->options.given[OPT_NETNS])
		return 0;
	snprintf(text, sizeof text, "%.*s", VIEW_ARG(path, sizeof text - 1));
	c->netns = open(text, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return c->netns < 0 ? err_set(e, -errno, "open the network namespace '%s' (has the task ended?)", text) : 0;
}

/* --- mounting */

static int find_place(struct course *c, struct err *e)
{
	struct search s = { .root = c->root, .spec = &c->spec, .options = &c->options, .conf = buf_view(&c->conf), .netns = c->netns,
			    .deadline = c->deadline };
	int r = place_find(&s, &c->place, e);

	c->imds = s.imds;
	return r;
}

/* An address is given where names cannot be looked up: in another namespace the host's name server may be out of reach. */
static int make_source(const struct course *c, unsigned port, char *ret, size_t size, struct err *e)
{
	const char *host = port > 0 ? "127.0.0.1" : c->netns >= 0 || c->place.is_address ? c->place.addresses.text[0] : c->place.connect;
	bool v6 = strchr(host, ':') != NULL;
	int n = snprintf(ret, size, "%s%s%s:%.*s", v6 ? "[" : "", host, v6 ? "]" : "", VIEW_ARG(c->spec.path, (size_t) PATH_MAX));

	return n >= (int) size ? err_say(e, -ENAMETOOLONG, "the path is too long") : 0;
}

/* Puts together what mount.nfs4 said, what happens at port 2049, and what that means. */
static int tell_failure(const struct course *c, const struct buf *said, struct err *e)
{
	struct err at = { .code = 0 }, end = *e;
	bool tls = c->options.given[OPT_TLS];
	enum efs_way way = !tls ? EFS_WAY_PLAIN : c->options.given[OPT_IAM] ? EFS_WAY_TLS_IAM : EFS_WAY_TLS;
	struct view text = view_trim(buf_view(said)), line = { "", 0 };
	const char *hint;

	if (end.code != -EIO && end.code != -ETIMEDOUT)
		return end.code;
	if (c->place.addresses.n > 0 && probe(c->place.addresses.text[0], NFS_PORT, 1, c->netns, &at) < 0)
		hint = at.text; /* that the mount target cannot be reached says it all */
	else
		hint = efs_cause(text, way, false);
	while (view_line(&text, &line)) /* the last one is the failure */
		;
	return err_say(e, end.code, "%.*s%s%s%s%s%s%s", VIEW_ARG(line, (size_t) 300), line.len > 0 ? "" : end.text, hint[0] ? " (" : "", hint,
		       hint[0] ? ")" : "", tls ? "; see journalctl -u " EFS_TUNNEL "@" : "", tls ? c->base : "");
}

static int mount_nfs(struct course *c, unsigned port, struct err *e)
{
	AUTO_BUF options = { .limit = 3 * OPTIONS_MAX }, said = { .limit = 0 };
	char source[PATH_MAX + EFS_HOST_SIZE + 8];
	struct nfs_mount m = { .source = source, .dir = c->dir, .access_point = c->options.given[OPT_ACCESSPOINT], .sloppy = c->arguments->sloppy,
			       .no_mtab = c->arguments->no_mtab, .verbose = c->arguments->verbose, .netns = c->netns, .deadline = c->deadline };
	int r = make_source(c, port, source, sizeof source, e);

	if (r == 0 && efs_options_nfs(&c->options, port, &options) < 0)
		r = err_set(e, -ENOMEM, "name the options");
	if (r < 0)
		return r;
	m.options = options.p;
	r = nfs_mount(&m, &said, e);
	return r < 0 ? tell_failure(c, &said, e) : 0;
}

/* cafile must be there; that of efs-utils.conf is taken if it is. */
static int find_ca_file(const struct course *c, char ret[PATH_MAX], struct err *e)
{
	struct view v;
	bool given = c->options.given[OPT_CAFILE];

	ret[0] = '\0';
	if (given)
		v = c->options.value[OPT_CAFILE];
	else if (!conf_mount(buf_view(&c->conf), c->place.region, "stunnel_cafile", &v) || v.len >= PATH_MAX || memchr(v.p, '\0', v.len))
		return 0;
	snprintf(ret, PATH_MAX, "%.*s", VIEW_ARG(v, (size_t) PATH_MAX - 1));
	if (file_exists(c->root, ret))
		return 0;
	if (given)
		return err_say(e, -ENOENT, "option 'cafile': there is no file '%s'", ret);
	ret[0] = '\0';
	return 0;
}

static int mount_tls(struct course *c, struct err *e)
{
	char ca_file[PATH_MAX], source[128] = "ecs.ec2";
	struct tunnel_unit t = { .root = c->root, .root_path = c->arguments->root, .base = c->base, .dir = c->dir, .options = &c->options, .place = &c->place, .ca_file = ca_file,
			    .source = source, .deadline = c->deadline };
	struct view v;
	unsigned port = 0;
	int r = find_ca_file(c, ca_file, e);

	if (conf_find(buf_view(&c->conf), "client-info", "source", &v) && v.len > 0 && v.len <= 100)
		snprintf(source, sizeof source, "%.*s", VIEW_ARG(v, sizeof source - 1));
	if (r == 0)
		r = unit_start(&t, &port, e);
	if (r < 0)
		return r;
	r = mount_nfs(c, port, e);
	if (r < 0) {
		(void) unit_trouble(&t, e); /* to mount.nfs4 all that ails TLS is a reset */
		unit_stop(&t);
	}
	return r;
}

/* 0 or negative; *ret_there: there was nothing to do. */
static int mount_it(struct course *c, bool *ret_there, struct err *e)
{
	int r = is_mounted(c, ret_there, e);

	if (r < 0 || *ret_there)
		return r;
	r = take_lock(c, e);
	if (r == 0)
		r = is_mounted(c, ret_there, e);
	if (r < 0 || *ret_there)
		return r;
	r = look_around(c, e);
	if (r == 0)
		r = find_place(c, e);
	if (r == 0)
		r = efs_base_make(c->place.id, c->dir, c->base, e);
	if (r == 0)
		r = c->options.given[OPT_TLS] ? mount_tls(c, e) : mount_nfs(c, 0, e);
	if (r == 0)
		nfs_read_ahead(c->dir, (unsigned long) c->options.rsize);
	return r;
}

/* --- the command line */

static void usage(FILE *to)
{
	fprintf(to, "usage: " PROGRAM " FILE-SYSTEM[:/PATH] FOLDER [-fnsv] [-o OPTIONS]\n\n"
		    "  FILE-SYSTEM  fs-0123456789abcdef0, or a name in DNS that leads to one\n"
		    "  -o OPTIONS   tls, iam, accesspoint=…, and those of NFS: see mount.efs(8)\n"
		    "  -f           look at the arguments only\n"
		    "  -n, -s, -v   for mount.nfs4\n"
		    "  --root DIR   DIR stands for / in the files it reads and writes\n"
		    "  --help, --version\n");
}

/* Options that end the program; getopt_long() has told already what it does not know. */
static int answer(int option)
{
	if (option == 'h')
		usage(stdout);
	else if (option == 'V')
		puts(PROGRAM " " VERSION);
	else if (option == 'N')
		fprintf(stderr, PROGRAM ": option -N: other mount namespaces are not supported; run mount there\n");
	return option == 'h' || option == 'V' ? EXIT_DONE : EXIT_USAGE;
}

/* As mount(8) calls its helpers. -1: go on; otherwise the exit code. */
static int arguments_read(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' }, { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "hVfnsvo:t:N:", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			a->root = optarg;
			break;
		case 'o':
			a->options = optarg;
			break;
		case 'f':
			a->fake = true;
			break;
		case 'n':
			a->no_mtab = true;
			break;
		case 's':
			a->sloppy = true;
			break;
		case 'v':
			a->verbose = true;
			break;
		case 't': /* "efs": how we came to be called */
			break;
		default:
			return answer(c);
		}
	}
	if (optind != argc - 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	a->spec = argv[optind];
	a->dir = argv[optind + 1];
	return -1;
}

/* What the user can do wrong: nothing has been touched yet. */
static int check_arguments(struct course *c, struct err *e)
{
	const struct arguments *a = c->arguments;
	int r = efs_spec_parse(view_of(a->spec), &c->spec, e);

	if (r == 0)
		r = efs_options_parse(view_of(a->options), &c->options, e);
	if (r == 0 && !realpath(a->dir, c->dir))
		r = err_set(e, -errno, "find the mount point '%s'", a->dir);
	if (r == 0 && !dir_exists(AT_FDCWD, c->dir))
		r = err_say(e, -ENOTDIR, "find the mount point '%s': not a folder", a->dir);
	if (r == 0 && geteuid() != 0 && !a->fake)
		r = err_say(e, -EPERM, "must be root");
	return r;
}

static int run(struct course *c)
{
	const struct arguments *a = c->arguments;
	bool there = false;
	struct err e;

	log_open(PROGRAM, -1, NULL);
	if (check_arguments(c, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_USAGE;
	}
	if (a->fake)
		return EXIT_DONE;
	if (!getenv("PATH"))
		(void) setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (root_open(a->root, &c->root, &e) < 0) {
		log_failure(&e);
		return EXIT_SYSTEM;
	}
	if (mount_it(c, &there, &e) < 0) {
		(void) err_wrap(&e, "mount %.300s at %.300s", a->spec, c->dir);
		log_failure(&e);
		return EXIT_FAILED;
	}
	if (there)
		log_info("mount %s at %s: NFS is mounted there already", a->spec, c->dir);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct arguments a = { .options = "" };
	struct course c = { .arguments = &a, .root = -1, .netns = -1, .lock = -1, .deadline = clock_ms() + TOTAL_MS };
	int status = arguments_read(argc, argv, &a);

	if (status < 0)
		status = run(&c);
	course_done(&c);
	return fflush(stdout) == 0 ? status : EXIT_FAILED;
}
