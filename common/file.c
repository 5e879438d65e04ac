#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"

void fd_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void) close(*fd);
	*fd = -1;
	errno = saved;
}

/* "/etc/ecs" below the root descriptor is "etc/ecs"; "/" itself is ".". AT_FDCWD is no root: the path is taken as it is. */
static const char *below(int root, const char *path)
{
	while (root != AT_FDCWD && *path == '/')
		path++;
	return *path ? path : ".";
}

int root_open(const char *dir, int *ret_root, struct err *e)
{
	int fd = open(dir ? dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, -errno, "open root folder '%s'", dir ? dir : "/");
	*ret_root = fd;
	return 0;
}

static int read_all(int fd, struct buf *b)
{
	for (;;) {
		char chunk[16384];
		ssize_t n = read(fd, chunk, sizeof chunk);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = buf_add(b, chunk, (size_t) n);
		if (r < 0)
			return r;
	}
}

int file_read(int root, const char *path, size_t limit, struct buf *b, struct err *e)
{
	AUTO_FD fd = openat(root, below(root, path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return errno == ENOENT ? FILE_ABSENT : err_set(e, -errno, "open '%s'", path);
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
		return err_set(e, -EISDIR, "read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, -EINVAL, "read '%s': it is no regular file", path);
	b->limit = b->len + limit;
	r = read_all(fd, b);
	if (r == -EMSGSIZE)
		return err_say(e, r, "read '%s': larger than %zu bytes", path, limit);
	return r < 0 ? err_set(e, r, "read '%s'", path) : 0;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t) n;
	}
	return 0;
}

/* The folder of path and the name in it; the folder is opened once so that a swapped parent cannot redirect the rename. */
static int open_parent(int root, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	*ret_name = slash ? slash + 1 : path;
	if (snprintf(dir, sizeof dir, "%.*s", slash ? (int) (slash - path) : 0, path) >= (int) sizeof dir)
		return -ENAMETOOLONG;
	fd = openat(root, below(root, dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool holds_already(int dir, const char *name, const char *data, size_t len, mode_t mode)
{
	AUTO_FD fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	AUTO_BUF old = { .limit = len };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if ((st.st_mode & 07777) != mode || st.st_size != (off_t) len || read_all(fd, &old) < 0)
		return false;
	return old.len == len && (len == 0 || memcmp(old.p, data, len) == 0);
}

/*
 * Temporary files are named ".NAME." and eight hex digits, and are locked by whoever writes them. The kernel takes the
 * lock away with the process, whatever ended it: one that can be locked is nobody's any more and goes.
 */
enum { DICE_DIGITS = 8 };

static bool is_temp_of(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return entry[0] == '.' && strncmp(entry + 1, name, n) == 0 && entry[n + 1] == '.' &&
	       strspn(entry + n + 2, "0123456789abcdef") == DICE_DIGITS && entry[n + 2 + DICE_DIGITS] == '\0';
}

static bool is_still(int dir, const char *name, int fd)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(mine.st_mode) &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

static void remove_if_stale(int dir, const char *temp)
{
	AUTO_FD fd = openat(dir, temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still(dir, temp, fd))
		(void) unlinkat(dir, temp, 0);
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* What a writer of this file that was killed has left. A folder that cannot be read is as good as a clean one. */
static void remove_stale_temps(int dir, const char *name)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedirp) DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!d && fd >= 0)
		(void) close(fd);
	while (d && (entry = readdir(d)))
		if (is_temp_of(entry->d_name, name))
			remove_if_stale(dir, entry->d_name);
}

/*
 * mkostemp(3) knows no folder descriptor, so the name is made here. Between making and locking somebody may take the file
 * for stale: then another one is made. Where a file system has no locks, nobody can take anything for stale.
 */
static int open_temp(int dir, const char *name, char *temp, size_t size)
{
	for (int tries = 0; tries < 16; tries++) {
		AUTO_FD fd = -1;

		if (snprintf(temp, size, ".%s.%08x", name, clock_dice()) >= (int) size)
			return -ENAMETOOLONG;
		fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 && errno != EEXIST)
			return -errno;
		if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && is_still(dir, temp, fd))
			return TAKE_FD(fd);
	}
	return -EEXIST;
}

/* The mode is set before the name exists: at no time can the file be read by more than it should. */
static int write_and_rename(int dir, const char *name, const char *data, size_t len, mode_t mode)
{
	char temp[NAME_MAX + 1];
	AUTO_FD fd = open_temp(dir, name, temp, sizeof temp);
	int r;

	if (fd < 0)
		return fd;
	r = write_all(fd, data, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || renameat(dir, temp, dir, name) < 0))
		r = -errno;
	if (r < 0)
		(void) unlinkat(dir, temp, 0);
	return r;
}

static int replace(int root, const char *path, const void *data, size_t len, mode_t mode, bool sync_name, struct err *e)
{
	const char *name;
	AUTO_FD dir = open_parent(root, path, &name);
	int r;

	if (dir < 0)
		return err_set(e, dir, "open the folder of '%s'", path);
	remove_stale_temps(dir, name);
	if (holds_already(dir, name, data, len, mode))
		return FILE_SAME;
	r = write_and_rename(dir, name, data, len, mode);
	if (r < 0)
		return err_set(e, r, "write '%s'", path);
	if (sync_name && fsync(dir) < 0)
		return err_set(e, -errno, "sync the folder of '%s'", path);
	return 0;
}

int file_replace(int root, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	return replace(root, path, data, len, mode, true, e);
}

int file_replace_soon(int root, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	return replace(root, path, data, len, mode, false, e);
}

int dir_make(int root, const char *path, mode_t mode, struct err *e)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof part)
		return err_set(e, -ENAMETOOLONG, "make folder '%s'", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(root, below(root, part), mode) < 0 && errno != EEXIST)
			return err_set(e, -errno, "make folder '%s'", part);
	}
	return dir_exists(root, path) ? 0 : err_set(e, -ENOTDIR, "make folder '%s'", path);
}

int file_remove(int root, const char *path, struct err *e)
{
	const char *name;
	AUTO_FD dir = open_parent(root, path, &name);
	struct stat st;

	if (dir < 0)
		return dir == -ENOENT ? 0 : err_set(e, dir, "open the folder of '%s'", path);
	remove_stale_temps(dir, name);
	/* On a read-only file system unlinking what is not there fails with EROFS. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_set(e, -errno, "remove '%s'", path);
	return 0;
}

void file_tidy(int root, const char *path)
{
	const char *name;
	AUTO_FD dir = open_parent(root, path, &name);

	if (dir >= 0)
		remove_stale_temps(dir, name);
}

int file_open(int root, const char *path, int flags, mode_t mode)
{
	int fd = openat(root, below(root, path), flags | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

bool file_exists(int root, const char *path)
{
	struct stat st;

	return fstatat(root, below(root, path), &st, 0) == 0;
}

bool dir_exists(int root, const char *path)
{
	struct stat st;

	return fstatat(root, below(root, path), &st, 0) == 0 && S_ISDIR(st.st_mode);
}
