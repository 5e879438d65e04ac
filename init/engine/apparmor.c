#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/spawn.h"
#include "init/engine/apparmor.h"

#define PARSER   "/sbin/apparmor_parser"
#define PROFILES "/sys/kernel/security/apparmor/profiles"

enum { PROFILES_MAX = 1 << 20, WORDS_MAX = 16 << 10 };

bool apparmor_supported(int root)
{
	const char *container = getenv("container");
	AUTO_BUF enabled = { 0 };
	struct err unused;

	return !(container && container[0]) && dir_exists(root, "/sys/kernel/security/apparmor") && file_exists(root, PARSER) &&
	       file_read(root, "/sys/module/apparmor/parameters/enabled", 16, &enabled, &unused) == 0 && view_starts(buf_view(&enabled), "Y");
}

bool apparmor_lists(struct view profiles, const char *name)
{
	struct view line;

	while (view_line(&profiles, &line)) {
		struct view rest = line;

		/* The mode stands behind the last blank; a name may hold blanks. */
		while (rest.len > 0 && rest.p[rest.len - 1] != ' ')
			rest.len--;
		if (view_is(view_trim(rest), name))
			return true;
	}
	return false;
}

bool apparmor_loaded(int root, const char *name)
{
	AUTO_BUF text = { 0 };
	struct err unused;

	return file_read(root, PROFILES, PROFILES_MAX, &text, &unused) == 0 && apparmor_lists(buf_view(&text), name);
}

/*
 * The agent works on the host's network, starts and inspects containers and unmounts what tasks leave behind. What it
 * must not do is what no container may: mount, and change the kernel through /proc and /sys.
 */
int apparmor_text(bool tunables, bool base, struct buf *to)
{
	static const char head[] = "# Written by ecs-bootstrap; what is changed here is overwritten. ECS_AGENT_APPARMOR_PROFILE names another.\n";
	static const char allow[] =
		"  network inet,\n"
		"  network inet6,\n"
		"  network netlink,\n"
		"  network unix,\n"
		"  capability,\n"
		"  file,\n"
		"  umount,\n"
		"  dbus (send, receive) bus=system,\n"
		"\n"
		"  # Docker, its runtime and systemd signal it; it signals its own processes only.\n"
		"  signal (receive) peer=unconfined,\n"
		"  signal (receive) peer=runc,\n"
		"  signal (receive) peer=crun,\n"
		"  signal (send, receive) peer=" APPARMOR_PROFILE ",\n"
		"  ptrace (trace, read, tracedby, readby) peer=" APPARMOR_PROFILE ",\n"
		"  ptrace (trace, read, tracedby, readby) peer=docker-default,\n"
		"\n";
	static const char deny[] =
		"  deny mount,\n"
		"\n"
		"  # In /proc only folders of processes, and in /proc/sys only kernel/shm*, may be written to.\n"
		"  deny @{PROC}/* w,\n"
		"  deny @{PROC}/{[^1-9s],s[^y],sy[^s],sys[^/]}*/** w,\n"
		"  deny @{PROC}/sys/{[^k],k[^e]}** w,\n"
		"  deny @{PROC}/sys/kernel/{[^s],s[^h],sh[^m]}** w,\n"
		"  deny @{PROC}/sysrq-trigger rwklx,\n"
		"  deny @{PROC}/kcore rwklx,\n"
		"\n"
		"  # In /sys only the control groups.\n"
		"  deny /sys/{[^f],f[^s]}*/** wklx,\n"
		"  deny /sys/fs/{[^c],c[^g],cg[^r]}*/** wklx,\n"
		"  deny /sys/firmware/** rwklx,\n"
		"  deny /sys/kernel/security/** rwklx,\n"
		"}\n";

	return buf_printf(to, "%s%s\nprofile " APPARMOR_PROFILE " flags=(attach_disconnected,mediate_deleted) {\n%s%s%s", head,
			  tunables ? "#include <tunables/global>\n" : "@{PROC}=/proc/\n", base ? "  #include <abstractions/base>\n\n" : "", allow, deny);
}

/* The name by which another program finds a file below our root. */
static int path_outside(int root, const char *path, char ret[PATH_MAX], struct err *e)
{
	char link[32], dir[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", root);
	n = readlink(link, dir, sizeof dir - 1);
	if (n < 0)
		return err_set(e, -errno, "find '%s'", path);
	if (n == 1)
		n = 0; /* "/" */
	dir[n] = '\0';
	return snprintf(ret, PATH_MAX, "%s%s", dir, path) < PATH_MAX ? 0 : err_set(e, -ENAMETOOLONG, "find '%s'", path);
}

/* -K: past its cache; -r: in place of the one that is loaded. */
static int run_parser(int root, struct err *e)
{
	AUTO_BUF errors = { .limit = WORDS_MAX };
	char parser[PATH_MAX], file[PATH_MAX];
	const char *argv[] = { parser, "-Kr", file, NULL };
	int status = 0, r = path_outside(root, PARSER, parser, e);

	if (r == 0)
		r = path_outside(root, APPARMOR_PROFILE_FILE, file, e);
	if (r == 0)
		r = spawn_run(&(struct spawn) { .argv = argv }, &status, NULL, &errors, e);
	if (r < 0 || status == 0)
		return r;
	return err_say(e, -EIO, "load '%s': apparmor_parser ended with %d: %.400s", APPARMOR_PROFILE_FILE, status,
		       errors.p ? errors.p : "");
}

int apparmor_load(int root, struct err *e)
{
	bool tunables = file_exists(root, "/etc/apparmor.d/tunables/global"), base = file_exists(root, "/etc/apparmor.d/abstractions/base");
	AUTO_BUF text = { 0 };
	struct err unused;
	int r = apparmor_text(tunables, base, &text);

	if (r < 0)
		return err_set(e, r, "write '%s'", APPARMOR_PROFILE_FILE);
	r = dir_make(root, "/etc/apparmor.d", 0755, e);
	if (r == 0)
		r = file_replace(root, APPARMOR_PROFILE_FILE, text.p, text.len, 0644, e);
	if (r < 0)
		return r;
	if (r == FILE_SAME && apparmor_loaded(root, APPARMOR_PROFILE))
		return APPARMOR_SAME;
	r = run_parser(root, e);
	if (r < 0)
		(void) !file_remove(root, APPARMOR_PROFILE_FILE, &unused);
	return r;
}
