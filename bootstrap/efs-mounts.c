#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootstrap/dropin.h"
#include "bootstrap/efs-fstab.h"
#include "bootstrap/efs-mounts.h"
#include "bootstrap/kept.h"
#include "bootstrap/packages.h"
#include "bootstrap/proc-text.h"
#include "bootstrap/replace.h"
#include "common/file.h"
#include "common/spawn.h"

#define FSTAB "/etc/fstab"

enum { FILE_LIMIT = 1 << 20, START_MS = 20000 };

struct run {
	const struct apply *apply;
	int                 root; /* of apply */
	struct efs_mount    mounts[EFS_MOUNTS_MAX];
	size_t              n;
	struct json_object *state, *before; /* mount point -> line, madeFolder; before: at the beginning of this run */
	struct buf          mountinfo;
	bool                changed;
};

static void run_done(struct run *run)
{
	buf_done(&run->mountinfo);
	json_putp(&run->state);
	json_putp(&run->before);
}

static int read_mounts(struct json_object *value, struct run *run, struct err *e)
{
	size_t n = value ? json_object_array_length(value) : 0;

	if (n > EFS_MOUNTS_MAX)
		return err_say(e, -E2BIG, "mount EFS: more than %d file systems", EFS_MOUNTS_MAX);
	for (run->n = 0; run->n < n; run->n++)
		if (efs_mount_read(json_object_array_get_idx(value, run->n), &run->mounts[run->n], e) < 0)
			return e->code;
	return 0;
}

static bool is_mounted(const struct run *run, const char *path)
{
	return mountinfo_has(buf_view(&run->mountinfo), path);
}

static const struct efs_mount *find_mount(const struct run *run, const char *path)
{
	for (size_t i = 0; i < run->n; i++)
		if (strcmp(run->mounts[i].mount_point, path) == 0)
			return &run->mounts[i];
	return NULL;
}

/* --- before anything changes: what stands in the way, and what will be ours */

/* systemd mounts nothing over a link, and nobody can say where that leads tomorrow. */
static int look_at_folder(const struct run *run, const char *path, bool *ret_absent, struct err *e)
{
	struct stat st;

	*ret_absent = false;
	if (fstatat(run->root, path + 1, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		*ret_absent = errno == ENOENT;
		return *ret_absent ? 0 : err_set(e, -errno, "look at '%s'", path);
	}
	if (S_ISLNK(st.st_mode))
		return err_say(e, -ELOOP, "mount EFS at '%s': it is a symbolic link", path);
	return S_ISDIR(st.st_mode) ? 0 : err_set(e, -ENOTDIR, "mount EFS at '%s'", path);
}

static int announce_one(struct run *run, const struct efs_mount *m, struct err *e)
{
	AUTO_BUF line = { 0 };
	struct json_object *one;
	bool absent, ours = json_object_object_get_ex(run->state, m->mount_point, &one) && json_object_is_type(one, json_type_object);
	int r = look_at_folder(run, m->mount_point, &absent, e);

	if (r < 0)
		return r;
	if (!ours) {
		one = json_object_new_object();
		if (!one || json_object_object_add(run->state, m->mount_point, one) < 0)
			r = -ENOMEM;
	}
	r = r < 0 ? r : efs_fstab_line(m, &line);
	r = r < 0 ? r : kept_set(one, "line", line.p);
	if (r == 0 && absent)
		r = kept_set(one, "madeFolder", "yes");
	return r < 0 ? err_set(e, r, "mount EFS at '%s'", m->mount_point) : 0;
}

static int check_fstab(const struct run *run, struct view fstab, struct err *e)
{
	for (size_t i = 0; i < run->n; i++) {
		unsigned line = efs_fstab_taken(fstab, run->mounts[i].mount_point);

		if (line > 0)
			return err_say(e, -EEXIST, "mount EFS at '%s': line %u of '%s', which is not ours, mounts something there",
				       run->mounts[i].mount_point, line, FSTAB);
	}
	return 0;
}

static int announce(struct run *run, struct view fstab, struct err *e)
{
	int r = check_fstab(run, fstab, e);

	for (size_t i = 0; i < run->n && r == 0; i++)
		r = announce_one(run, &run->mounts[i], e);
	return r < 0 ? r : kept_write(run->root, PATH_EFS_STATE, run->state, e);
}

/* --- what is written */

static int write_fstab(struct run *run, struct view fstab, struct err *e)
{
	AUTO_BUF lines = { 0 };
	AUTO_BUF text = { 0 };
	int r = 0;

	for (size_t i = 0; i < run->n && r == 0; i++)
		r = efs_fstab_line(&run->mounts[i], &lines);
	r = r < 0 ? r : efs_fstab_merge(fstab, buf_view(&lines), &text);
	if (r < 0)
		return err_set(e, r, "render '%s'", FSTAB);
	if (text.len == fstab.len && (text.len == 0 || memcmp(text.p, fstab.p, text.len) == 0))
		return 0;
	r = replace_kept(run->root, FSTAB, buf_view(&text).p, text.len, 0644, e);
	run->changed |= r == 0;
	return r < 0 ? r : 0;
}

static int write_dropins(struct run *run, struct err *e)
{
	static const struct {
		const char *unit;
		bool        only_required;
	} units[] = {
		{ "docker.service", false },
		{ "ecs.service", true },
		/* Both would have Docker started again, which would have the mount tried again, and them. */
		{ "ecs-prepare.service", true },
		{ "ecs-after-user-data.service", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		AUTO_BUF text = { 0 };
		int r = efs_dropin(run->mounts, run->n, units[i].only_required, &text);

		if (r < 0)
			return err_set(e, r, "render the drop-in of '%s'", units[i].unit);
		r = dropin_set(run->apply, units[i].unit, "efs", buf_view(&text), e);
		if (r < 0)
			return r;
		run->changed |= r == 0;
	}
	return 0;
}

/* For the two services that go on where this run ends. */
static int write_wanted(const struct apply *a, struct json_object *value, struct err *e)
{
	AUTO_JSON *doc = json_object_new_object();
	bool any = value && json_object_array_length(value) > 0;
	int r = doc ? 0 : err_set(e, -ENOMEM, "write '%s'", PATH_EFS_MOUNTS);

	if (r == 0 && any && json_object_object_add(doc, "mounts", json_object_get(value)) < 0)
		r = err_set(e, -ENOMEM, "write '%s'", PATH_EFS_MOUNTS);
	if (r == 0 && any)
		r = packages_name_instance(a, doc, e);
	return r < 0 ? r : kept_write(a->root, PATH_EFS_MOUNTS, doc, e);
}

/* --- what is taken away */

static bool is_real_root(int root)
{
	struct stat given, real;

	return fstat(root, &given) == 0 && stat("/", &real) == 0 && given.st_dev == real.st_dev && given.st_ino == real.st_ino;
}

/*
 * Lazily: a container may be in it, and a dead server must not hold us. By its path, since opening it would ask the server;
 * below another root that is the path of something else.
 */
static int take_off(struct run *run, const char *path, struct err *e)
{
	if (!is_mounted(run, path) || !is_real_root(run->root))
		return 0;
	run->changed = true;
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return err_set(e, -errno, "unmount '%s'", path);
	return 0;
}

static int forget(struct run *run, const char *path, struct json_object *was, struct err *e)
{
	int r = take_off(run, path, e);

	if (r == 0 && json_text(was, "madeFolder", NULL) && unlinkat(run->root, path + 1, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
		r = err_set(e, -errno, "remove folder '%s'", path);
	if (r == 0)
		json_object_object_del(run->state, path);
	return r;
}

/* What is no more wanted, or is to be another file system from now on. */
static int take_away(struct run *run, struct err *e)
{
	int r = 0;

	json_object_object_foreach(run->before, path, was) {
		const struct efs_mount *m = find_mount(run, path);
		const char *old = json_text(was, "line", NULL), *new = json_text(run->state, path, "line", NULL);

		if (path[0] != '/' || !json_object_is_type(was, json_type_object))
			continue;
		if (!m)
			r = forget(run, path, was, e);
		else if (old && new && strcmp(old, new) != 0)
			r = take_off(run, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- systemd */

/* Without waiting: this runs in the midst of the boot, and what a mount waits for may wait for us. */
static int start(const struct run *run, struct err *e)
{
	const char *argv[EFS_MOUNTS_MAX + 4] = { "systemctl", "start", "--no-block" };
	const struct spawn s = { .argv = argv, .deadline_ms = START_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	size_t n = 3;
	int status = 0, r;

	for (size_t i = 0; i < run->n; i++)
		if (run->changed || !is_mounted(run, run->mounts[i].mount_point))
			argv[n++] = run->mounts[i].unit;
	if (n == 3)
		return 0;
	r = spawn_run(&s, &status, &out, &errors, e);
	if (r < 0)
		return err_wrap(e, "have systemd mount EFS");
	if (status != 0)
		return err_say(e, -EIO, "have systemd mount EFS: systemctl ended with %d: %.*s", status,
			       VIEW_ARG(view_trim(buf_view(&errors)), 300));
	return 0;
}

static int make_folders(struct run *run, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < run->n && r == 0; i++)
		r = dir_make(run->root, run->mounts[i].mount_point, 0755, e);
	return r;
}

static int change(const struct apply *a, struct run *run, struct json_object *value, struct view fstab, struct err *e)
{
	int r = announce(run, fstab, e), told = 0;

	r = r < 0 ? r : write_fstab(run, fstab, e);
	r = r < 0 ? r : write_dropins(run, e);
	r = r < 0 ? r : write_wanted(a, value, e);
	if (r == 0 && run->changed)
		told = r = dropin_reload(a, e);
	r = r < 0 ? r : take_away(run, e);
	r = r < 0 ? r : make_folders(run, e);
	r = r < 0 ? r : kept_write(a->root, PATH_EFS_STATE, run->state, e);
	if (r == 0 && told == 0 && dir_exists(a->root, "/run/systemd/system"))
		r = start(run, e);
	if (r < 0)
		return r;
	return told == DROPIN_NO_SYSTEMD ? EFS_NO_SYSTEMD : run->changed ? 0 : APPLY_SAME;
}

int efs_mounts_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	CLEANUP(run_done) struct run run = { .apply = a, .root = a->root };
	AUTO_BUF fstab = { 0 };
	int r = read_mounts(value, &run, e);

	r = r < 0 ? r : kept_read(a->root, PATH_EFS_STATE, &run.state, e);
	r = r < 0 ? r : kept_read(a->root, PATH_EFS_STATE, &run.before, e);
	if (r < 0)
		return r;
	if (run.n == 0 && json_object_object_length(run.state) == 0)
		return APPLY_SAME;
	r = file_read(a->root, FSTAB, FILE_LIMIT, &fstab, e);
	r = r < 0 ? r : file_read(a->root, "/proc/self/mountinfo", FILE_LIMIT, &run.mountinfo, e);
	return r < 0 ? r : change(a, &run, value, buf_view(&fstab), e);
}
