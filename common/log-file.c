#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log-file.h"
#include "common/paths.h"

enum { DAY_S = 24 * 60 * 60, NAME_SIZE = sizeof ((struct log_file *) 0)->path + 4 };

static void reopen(struct log_file *f)
{
	fd_closep(&f->fd);
	f->fd = file_open(f->root, f->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0640);
}

void log_file_open(struct log_file *f, int root, const char *path)
{
	struct err unused;

	f->root = root;
	f->fd = -1;
	if (snprintf(f->path, sizeof f->path, "%s", path) >= (int) sizeof f->path || path[0] != '/') {
		f->path[0] = '\0';
		return;
	}
	(void) !dir_make(root, PATH_LOG_DIR, 0755, &unused);
	reopen(f);
}

static const char *old_name(const struct log_file *f, unsigned n, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, n ? "%s.%u" : "%s", f->path + 1, n);
	return ret;
}

static void drop_when_old(const struct log_file *f, unsigned n, time_t now)
{
	char name[NAME_SIZE];
	struct stat st;

	if (fstatat(f->root, old_name(f, n, name), &st, AT_SYMLINK_NOFOLLOW) == 0 && now - st.st_mtime > (time_t) LOG_FILE_DAYS * DAY_S)
		(void) unlinkat(f->root, name, 0);
}

/* FILE.6 becomes FILE.7 and so on; the last one falls out. */
static void shift(const struct log_file *f, time_t now)
{
	char from[NAME_SIZE], to[NAME_SIZE];

	for (unsigned n = LOG_FILE_OLD; n > 0; n--)
		(void) renameat(f->root, old_name(f, n - 1, from), f->root, old_name(f, n, to));
	for (unsigned n = 1; n <= LOG_FILE_OLD; n++)
		drop_when_old(f, n, now);
}

static bool is_due(const struct stat *st, time_t now)
{
	return st->st_size >= LOG_FILE_MAX || (st->st_size > 0 && st->st_mtime / DAY_S < now / DAY_S);
}

/* Another program may have begun a new file while we had the old one open. */
static bool is_current(const struct log_file *f, const struct stat *st)
{
	struct stat named;

	return fstatat(f->root, f->path + 1, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

/* Whoever holds the lock of the file decides alone; the others then find another file of that name. */
static void rotate(struct log_file *f, time_t now)
{
	struct stat st;

	if (flock(f->fd, LOCK_EX | LOCK_NB) < 0)
		return;
	if (fstat(f->fd, &st) == 0 && is_due(&st, now) && is_current(f, &st))
		shift(f, now);
	reopen(f);
}

void log_file_write(struct log_file *f, struct view line, time_t now)
{
	struct stat st;

	if (!f->path[0])
		return;
	if (f->fd < 0 || fstat(f->fd, &st) < 0 || !is_current(f, &st))
		reopen(f);
	if (f->fd < 0 || fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (is_due(&st, now))
		rotate(f, now);
	if (f->fd >= 0 && write(f->fd, line.p, line.len) < 0)
		return;
}
