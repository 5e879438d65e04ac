#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "efs/mountinfo.h"
#include "efs/plugin/place.h"

enum { MOUNTINFO_MAX = 16 << 20 };

/* The kernel's name of an open folder. */
static int path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	return 0;
}

int place_open(int root, char **ret_real, struct err *e)
{
	char top[PATH_MAX], real[PATH_MAX];
	const char *below = real;
	AUTO_FD fd = -1;
	int r = dir_make(root, VOLUMES_DIR, 0700, e);

	if (r < 0)
		return r;
	fd = file_open(root, VOLUMES_DIR, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return err_set(e, fd, "open '%s'", VOLUMES_DIR);
	r = path_of(root, top);
	if (r == 0)
		r = path_of(fd, real);
	if (r < 0)
		return err_set(e, r, "find the real path of '%s'", VOLUMES_DIR);
	if (strcmp(top, "/") != 0 && strncmp(real, top, strlen(top)) == 0)
		below += strlen(top); /* --root: mounts are named as below it */
	*ret_real = strdup(below);
	return *ret_real ? 0 : err_set(e, -ENOMEM, "find the real path of '%s'", VOLUMES_DIR);
}

int place_make(int root, const char *name, struct err *e)
{
	AUTO_FD dir = file_open(root, VOLUMES_DIR, O_PATH | O_DIRECTORY, 0);
	struct stat st;
	int r = 0;

	if (dir < 0)
		r = dir;
	else if (mkdirat(dir, name, 0700) < 0)
		r = -errno;
	/* nothing is mounted there, or the caller would not ask: looking at it cannot hang */
	if (r == -EEXIST)
		r = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	return r < 0 ? err_set(e, r, "cannot create mount point: mkdir %s/%s", VOLUMES_DIR, name) : 0;
}

int place_remove(int root, const char *name, struct err *e)
{
	AUTO_FD dir = file_open(root, VOLUMES_DIR, O_PATH | O_DIRECTORY, 0);
	int r = dir;

	if (dir >= 0)
		r = unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
	return r < 0 ? err_set(e, r, "remove %s/%s", VOLUMES_DIR, name) : 0;
}

int place_read(int root, struct buf *b, struct err *e)
{
	int r;

	buf_clear(b);
	r = file_read(root, "/proc/self/mountinfo", MOUNTINFO_MAX, b, e);
	return r == FILE_ABSENT ? err_set(e, -ENOENT, "open '/proc/self/mountinfo'") : r;
}

bool place_has(struct view mountinfo, const char *real, const struct volume *v)
{
	char path[PATH_MAX];

	if (!volume_is_ours(v))
		return mountinfo_count(mountinfo, volume_path(v)) > 0;
	if (snprintf(path, sizeof path, "%s/%s", real, v->name) >= (int) sizeof path)
		return false;
	return mountinfo_count(mountinfo, path) > 0;
}
