#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bootstrap/traces.h"
#include "common/file.h"

enum { DEPTH_MAX = 64 };

void image_failed(struct image_job *j, const char *what, const struct err *why)
{
	j->failed++;
	j->tell(j->ctx, STEP_FAILED, what, why);
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}
#define AUTO_DIR CLEANUP(closedirp) DIR

/* fd stays open. NULL with errno. */
static DIR *list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d && copy >= 0)
		(void) close(copy);
	return d;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int remove_tree(int dir, const char *name, dev_t device, unsigned depth);

static int empty(int fd, dev_t device, unsigned depth)
{
	AUTO_DIR *d = list(fd);
	struct dirent *entry;
	int r = d ? 0 : -errno;

	while (r == 0 && (entry = readdir(d)))
		if (!is_dot(entry->d_name))
			r = remove_tree(fd, entry->d_name, device, depth);
	return r;
}

static int remove_tree(int dir, const char *name, dev_t device, unsigned depth)
{
	AUTO_FD fd = -1;
	struct stat st;
	int r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (st.st_dev != device)
		return -EXDEV;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (depth >= DEPTH_MAX)
		return -ELOOP;
	r = empty(fd, device, depth + 1);
	return r == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : r;
}

static void remove_one(struct image_job *j, int dir, const char *folder, const char *name, dev_t device)
{
	char path[PATH_MAX];
	struct err e;
	int r = 0;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (!j->dry)
		r = remove_tree(dir, name, device, 0);
	if (r == 0) {
		j->tell(j->ctx, STEP_REMOVED, path, NULL);
		return;
	}
	if (r == -EXDEV)
		err_say(&e, r, "remove '%s': another file system is mounted there", path);
	else
		err_set(&e, r, "remove '%s'", path);
	image_failed(j, path, &e);
}

/* -1 when there is none; a failure is told. */
static int open_folder(struct image_job *j, const char *path, struct stat *st)
{
	AUTO_FD fd = file_open(j->root, path, O_RDONLY | O_DIRECTORY, 0);
	struct err e;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return -1;
	if (fd >= 0 && fstat(fd, st) == 0)
		return TAKE_FD(fd);
	err_set(&e, fd < 0 ? fd : -errno, "open '%s'", path);
	image_failed(j, path, &e);
	return -1;
}

void trace_contents(struct image_job *j, const char *path, trace_fn *goes)
{
	struct stat st;
	AUTO_FD fd = open_folder(j, path, &st);
	AUTO_DIR *d = fd >= 0 ? list(fd) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (!is_dot(entry->d_name) && (!goes || goes(entry->d_name)))
			remove_one(j, fd, path, entry->d_name, st.st_dev);
}

void trace_file(struct image_job *j, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char folder[PATH_MAX];
	struct stat st, file;
	AUTO_FD fd = -1;

	snprintf(folder, sizeof folder, "%.*s", (int) (name - 1 - path), path);
	fd = open_folder(j, folder, &st);
	if (fd < 0)
		return;
	if (!j->dry)
		file_tidy(j->root, path);
	if (fstatat(fd, name, &file, AT_SYMLINK_NOFOLLOW) == 0)
		remove_one(j, fd, folder, name, st.st_dev);
}

void trace_hollow(struct image_job *j, const char *path)
{
	struct stat st;
	AUTO_FD fd = open_folder(j, path, &st);
	AUTO_DIR *d = fd >= 0 ? list(fd) : NULL;
	struct dirent *entry;
	char full[PATH_MAX];

	while (d && (entry = readdir(d))) {
		if (is_dot(entry->d_name) || j->dry || unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0)
			continue;
		snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
		j->tell(j->ctx, STEP_REMOVED, full, NULL);
	}
}

void trace_folders(struct image_job *j, const char *path, const char *end, void (*each)(struct image_job *j, const char *path))
{
	struct stat st;
	AUTO_FD fd = open_folder(j, path, &st);
	AUTO_DIR *d = fd >= 0 ? list(fd) : NULL;
	struct dirent *entry;
	char full[PATH_MAX];

	while (d && (entry = readdir(d))) {
		size_t n = strlen(entry->d_name), m = strlen(end);

		if (n <= m || strcmp(entry->d_name + n - m, end) != 0)
			continue;
		snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
		each(j, full);
	}
}

static int stat_inside(const struct image_job *j, const char *path, struct stat *st)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	AUTO_FD fd = (int) syscall(SYS_openat2, j->root, path, &how, sizeof how);

	return fd < 0 || fstat(fd, st) < 0 ? -errno : 0;
}

int trace_inside(const struct image_job *j, const char *path, struct err *e)
{
	AUTO_FD fd = -1;
	struct stat inside = { .st_ino = 0 }, outside;
	int r;

	if (!j->root_path)
		return 0;
	r = stat_inside(j, path, &inside);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return err_set(e, r, "look at '%s'", path);
	fd = file_open(j->root, path, O_PATH, 0);
	if (fd < 0 && r < 0)
		return 0;
	if (fd >= 0 && r == 0 && fstat(fd, &outside) == 0 && inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino)
		return 0;
	return err_say(e, -EXDEV, "look at '%s': a link in it leads out of '%s'; run this in a chroot there", path, j->root_path);
}
