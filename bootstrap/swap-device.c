#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bootstrap/swap-place.h"

enum { ENDS = 128 << 10 }; /* bytes looked at at both ends: all that is known to mark a device stands there */

/* Entries of a folder, those only that have a file `with` in them unless that is NULL. 0 also if there is no such folder. */
static unsigned count_in(int root, const char *folder, const char *with)
{
	int fd = file_open(root, folder, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	unsigned n = 0;

	if (!dir) {
		fd_closep(&fd);
		return 0;
	}
	for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		char path[512];

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%.255s/%s", d->d_name, with ? with : "");
		n += !with || faccessat(dirfd(dir), path, F_OK, 0) == 0;
	}
	(void) closedir(dir);
	return n;
}

/* Mounted, part of a RAID or of LVM: whoever uses it holds it so that it cannot be had alone. */
static const char *used_by_others(const struct swap_place *p)
{
	char reopened[32], folder[64], holders[80];
	AUTO_FD alone = -1;

	snprintf(reopened, sizeof reopened, "/proc/self/fd/%d", p->fd);
	snprintf(folder, sizeof folder, "/sys/dev/block/%u:%u", major(p->st.st_rdev), minor(p->st.st_rdev));
	snprintf(holders, sizeof holders, "%s/holders", folder);
	if (count_in(p->root, folder, "partition") > 0)
		return "it has partitions";
	if (count_in(p->root, holders, NULL) > 0)
		return "another device is built on it";
	alone = open(reopened, O_RDWR | O_EXCL | O_CLOEXEC);
	if (alone < 0)
		return errno == EBUSY ? "it is in use" : errno == EROFS || errno == EACCES ? "it is read-only" : "it cannot be opened alone";
	return NULL;
}

/* Reads up to ENDS bytes at an offset; what is shorter is zeros. */
static int read_at(struct swap_place *p, uint64_t at, char *to, struct err *e)
{
	memset(to, 0, ENDS);
	if (pread(p->fd, to, ENDS, (off_t) at) < 0)
		return err_set(e, -errno, "read '%s'", p->path);
	return 0;
}

/* What is ours may be in use: then it is swapped to. */
int swap_device_look(struct swap_place *p, struct err *e)
{
	static char first[ENDS], last[ENDS];
	struct swap_header h;
	const char *holds, *used;
	uint64_t size = 0;
	int r;

	if (ioctl(p->fd, BLKGETSIZE64, &size) < 0)
		return err_set(e, -errno, "ask '%s' for its size", p->path);
	p->room.disk = p->room.disk_free = size;
	r = read_at(p, 0, first, e);
	if (r == 0 && size > ENDS)
		r = read_at(p, size - ENDS, last, e);
	if (r < 0)
		return r;
	if (swap_header_read((struct view) { first, ENDS }, &h) && h.ours) {
		p->there = SWAP_OTHER_SIZE;
		p->header = h;
		p->room.have = h.size;
		return 0;
	}
	holds = swap_content((struct view) { first, ENDS });
	if (!holds && size > ENDS)
		holds = swap_content((struct view) { last, ENDS });
	used = holds ? NULL : used_by_others(p);
	if (holds || used) {
		p->there = SWAP_FOREIGN;
		(void) err_say(&p->why, -EBUSY, "use '%s' for swap: %s%s", p->path, used ? used : "it holds ", holds ? holds : "");
	}
	return 0;
}

/* Alone, so that nobody mounts it in the midst of it. The header's own page is all that is written. */
static int write_alone(const struct swap_place *p, const char *page, size_t len, struct err *e)
{
	char reopened[32];
	AUTO_FD alone = -1;

	snprintf(reopened, sizeof reopened, "/proc/self/fd/%d", p->fd);
	alone = open(reopened, O_RDWR | O_EXCL | O_CLOEXEC);
	if (alone < 0)
		return err_set(e, -errno, "open '%s' alone", p->path);
	if (pwrite(alone, page, len, 0) != (ssize_t) len || fsync(alone) < 0)
		return err_set(e, errno ? -errno : -EIO, "write '%s'", p->path);
	return 0;
}

int swap_device_make(struct swap_place *p, uint64_t size, struct err *e)
{
	static char page[SWAP_PAGE_MAX];
	size_t len = 0;
	int r = swap_first_page(size, page, &len);

	return r < 0 ? err_set(e, r, "make '%s' swap", p->path) : write_alone(p, page, len, e);
}

int swap_device_unmake(struct swap_place *p, struct err *e)
{
	static char zeros[SWAP_PAGE_MAX]; /* not const: so it costs nothing in the file */

	return write_alone(p, zeros, sizeof zeros, e);
}
