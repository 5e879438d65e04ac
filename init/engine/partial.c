#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/file.h"
#include "common/paths.h"
#include "init/engine/partial.h"

#define ATTRIBUTE "user.ecs-bootstrap.source"
#define PATH_PARTIAL PATH_CACHE_DIR "/" PARTIAL_NAME

enum { RESERVE = 16 << 20, PIECE = 64 << 10 };

static int open_folder(int root, int *ret, struct err *e)
{
	int r = dir_make(root, PATH_CACHE_DIR, 0700, e);
	AUTO_FD dir = -1;

	if (r < 0)
		return r;
	dir = file_open(root, PATH_CACHE_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return err_set(e, dir, "open '%s'", PATH_CACHE_DIR);
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? PARTIAL_BUSY : err_set(e, -errno, "lock '%s'", PATH_CACHE_DIR);
	*ret = TAKE_FD(dir);
	return 0;
}

/* What an earlier process knew of its bytes; without that they cannot be gone on with. */
static void read_source(struct partial *p)
{
	ssize_t n = fgetxattr(p->file, ATTRIBUTE, p->source, sizeof p->source - 1);

	p->source[n > 0 ? n : 0] = '\0';
}

/* Our name may be taken by something else: what is no file of ours is taken away. -ENOENT unless flags say O_CREAT. */
static int open_file(int dir, int flags)
{
	struct stat st;

	for (int tries = 0; tries < 2; tries++) {
		AUTO_FD fd = openat(dir, PARTIAL_NAME, O_RDWR | flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
			return TAKE_FD(fd);
		if (fd < 0 && errno != ELOOP && errno != ENXIO)
			return -errno;
		if (unlinkat(dir, PARTIAL_NAME, 0) < 0)
			return -errno;
	}
	return -EEXIST;
}

int partial_open(int root, struct partial *ret, struct err *e)
{
	struct partial p = { .dir = -1, .file = -1 };
	int r = open_folder(root, &p.dir, e);
	off_t size;

	if (r != 0)
		return r;
	p.file = open_file(p.dir, 0);
	if (p.file < 0 && p.file != -ENOENT) {
		r = err_set(e, p.file, "open '%s'", PATH_PARTIAL);
		close(p.dir);
		return r;
	}
	*ret = p;
	if (p.file < 0)
		return 0;
	read_source(ret);
	size = lseek(p.file, 0, SEEK_END);
	ret->size = size > 0 ? (uint64_t) size : 0;
	if (!ret->source[0] && ret->size > 0)
		r = partial_restart(ret, "", view_of(""), e);
	if (r < 0)
		partial_close(ret);
	return r;
}

void partial_close(struct partial *p)
{
	if (p->dir < 0)
		return;
	if (p->file >= 0 && p->size == 0)
		(void) unlinkat(p->dir, PARTIAL_NAME, 0);
	fd_closep(&p->file);
	fd_closep(&p->dir);
}

void partial_sweep(int root)
{
	AUTO_FD dir = -1;
	struct err unused;

	if (file_exists(root, PATH_PARTIAL) && open_folder(root, &dir, &unused) == 0)
		(void) unlinkat(dir, PARTIAL_NAME, 0);
}

const char *partial_etag(const struct partial *p, const char *key)
{
	size_t n = strlen(key);

	return p->size > 0 && n > 0 && strncmp(p->source, key, n) == 0 && p->source[n] == ' ' ? p->source + n + 1 : NULL;
}

/* Where a file system has no attributes, the file can be gone on with by this process only. */
int partial_restart(struct partial *p, const char *key, struct view etag, struct err *e)
{
	p->source[0] = '\0';
	p->size = 0;
	if (p->file < 0 && !key[0])
		return 0;
	if (p->file < 0 && (p->file = open_file(p->dir, O_CREAT)) < 0)
		return err_set(e, p->file, "open '%s'", PATH_PARTIAL);
	(void) fremovexattr(p->file, ATTRIBUTE);
	if (ftruncate(p->file, 0) < 0 || lseek(p->file, 0, SEEK_SET) < 0)
		return err_set(e, -errno, "empty '%s'", PATH_PARTIAL);
	if (etag.len == 0 || etag.len + strlen(key) + 2 > sizeof p->source)
		return 0;
	snprintf(p->source, sizeof p->source, "%s %.*s", key, VIEW_ARG(etag, sizeof p->source));
	(void) fsetxattr(p->file, ATTRIBUTE, p->source, strlen(p->source), 0);
	return 0;
}

int partial_write(struct partial *p, struct view data, struct err *e)
{
	while (data.len > 0) {
		ssize_t n = write(p->file, data.p, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, "write '%s'", PATH_PARTIAL);
		data.p += n;
		data.len -= (size_t) n;
		p->size += (uint64_t) n;
	}
	return 0;
}

int partial_read(struct partial *p, int (*take)(void *ctx, struct view data, struct err *e), void *ctx, struct err *e)
{
	static char piece[PIECE];
	int r = 0;

	for (uint64_t at = 0; r == 0 && at < p->size;) {
		ssize_t n = pread(p->file, piece, sizeof piece, (off_t) at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, n < 0 ? -errno : -EIO, "read '%s'", PATH_PARTIAL);
		at += (uint64_t) n;
		r = take(ctx, (struct view) { piece, (size_t) n }, e);
	}
	return r;
}

int partial_room(const struct partial *p, uint64_t more, struct err *e)
{
	struct statvfs vfs;
	uint64_t room;

	if (fstatvfs(p->dir, &vfs) < 0)
		return 0; /* then writing will tell */
	room = (uint64_t) vfs.f_bavail * vfs.f_frsize;
	if (room >= more + RESERVE)
		return 0;
	return err_say(e, -ENOSPC, "'%s' has room for %llu MB, and %llu MB are needed", PATH_CACHE_DIR, (unsigned long long) room >> 20,
		       (unsigned long long) (more + RESERVE) >> 20);
}

int partial_commit(struct partial *p, struct err *e)
{
	const char *name = strrchr(PATH_IMAGE_TAR, '/') + 1;

	(void) fremovexattr(p->file, ATTRIBUTE);
	if (fsync(p->file) < 0 || renameat(p->dir, PARTIAL_NAME, p->dir, name) < 0 || fsync(p->dir) < 0)
		return err_set(e, -errno, "write '%s'", PATH_IMAGE_TAR);
	fd_closep(&p->file);
	return 0;
}
