#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "bootstrap/swap-place.h"

void swap_place_done(struct swap_place *p)
{
	fd_closep(&p->dir);
	fd_closep(&p->fd);
}

/* Why nothing can be swapped to there; NULL: it is not known that it cannot. */
static const char *unfit(long type)
{
	static const struct {
		unsigned    type;
		const char *name;
	} kinds[] = {
		{ TMPFS_MAGIC, "tmpfs, which is memory" }, { RAMFS_MAGIC, "ramfs, which is memory" },
		{ OVERLAYFS_SUPER_MAGIC, "overlayfs" },    { NFS_SUPER_MAGIC, "NFS" },
		{ SMB_SUPER_MAGIC, "SMB" },                { CIFS_SUPER_MAGIC, "SMB" },
		{ SMB2_SUPER_MAGIC, "SMB" },               { FUSE_SUPER_MAGIC, "FUSE" },
		{ CEPH_SUPER_MAGIC, "Ceph" },              { V9FS_MAGIC, "9p" },
		{ SQUASHFS_MAGIC, "squashfs" },            { 0x2fc12fc1, "ZFS" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == (unsigned) type)
			return kinds[i].name;
	return NULL;
}

/* Whoever else may write in the folder could put another file there between any two of our steps. */
static int look_at_folder(struct swap_place *p, struct err *e)
{
	struct statfs fs;
	struct stat st;
	const char *on;

	if (fstat(p->dir, &st) < 0 || fstatfs(p->dir, &fs) < 0)
		return err_set(e, -errno, "look at the folder of '%s'", p->path);
	p->room.disk = (uint64_t) fs.f_blocks * (uint64_t) fs.f_bsize;
	p->room.disk_free = (uint64_t) fs.f_bavail * (uint64_t) fs.f_bsize;
	on = unfit(fs.f_type);
	if (on)
		(void) err_say(&p->why, -EOPNOTSUPP, "use '%s' for swap: it would be on %s", p->path, on);
	else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		(void) err_say(&p->why, -EPERM, "use '%s' for swap: others than root may write in its folder", p->path);
	else
		return 0;
	p->there = SWAP_FOREIGN;
	return 0;
}

static const char *file_name(const struct swap_place *p)
{
	return strrchr(p->path, '/') + 1;
}

static const char *foreign_file(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "there is something that is neither a file nor a block device";
	if (st->st_uid != 0)
		return "there is a file that is not root's";
	if (st->st_nlink != 1)
		return "there is a file that has other names too";
	return NULL;
}

int swap_file_look(struct swap_place *p, struct err *e)
{
	static char head[SWAP_PAGE_MAX];
	const char *fault = foreign_file(&p->st);
	struct swap_header h;
	ssize_t n;

	p->there = SWAP_FOREIGN;
	if (fault) {
		(void) err_say(&p->why, -EEXIST, "use '%s' for swap: %s", p->path, fault);
		return 0;
	}
	n = pread(p->fd, head, sizeof head, 0);
	if (n < 0)
		return err_set(e, -errno, "read '%s'", p->path);
	if (!swap_header_read((struct view) { head, (size_t) n }, &h) || !h.ours) {
		(void) err_say(&p->why, -EEXIST, "use '%s' for swap: there is a file that is not ours", p->path);
		return 0;
	}
	p->there = SWAP_OTHER_SIZE;
	p->header = h;
	p->room.have = (uint64_t) p->st.st_size;
	return 0;
}

/* Below /dev, links are udev's. */
static int open_it(struct swap_place *p, struct err *e)
{
	bool device = strncmp(p->path, "/dev/", 5) == 0;

	p->fd = openat(p->dir, file_name(p), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (device ? 0 : O_NOFOLLOW));
	if (p->fd >= 0)
		return 0;
	if (errno == ENOENT)
		return device ? err_set(e, -errno, "use '%s' for swap", p->path) : FILE_ABSENT;
	if (errno == ELOOP)
		return err_say(e, -ELOOP, "use '%s' for swap: it is a symbolic link", p->path);
	return err_set(e, -errno, "open '%s'", p->path);
}

static int open_folder(struct swap_place *p, struct err *e)
{
	char dir[sizeof p->path];

	snprintf(dir, sizeof dir, "%.*s", (int) (strrchr(p->path, '/') - p->path), p->path);
	p->dir = file_open(p->root, dir[0] ? dir : "/", O_RDONLY | O_DIRECTORY, 0);
	return p->dir < 0 ? err_set(e, p->dir, "open the folder of '%s'", p->path) : 0;
}

int swap_place_open(int root, const char *path, struct swap_place *ret, struct err *e)
{
	int r;

	*ret = (struct swap_place) { .root = root, .dir = -1, .fd = -1, .there = SWAP_ABSENT };
	if (snprintf(ret->path, sizeof ret->path, "%s", path) >= (int) sizeof ret->path)
		return err_set(e, -ENAMETOOLONG, "use '%.60s…' for swap", path);
	r = open_folder(ret, e);
	if (r == 0)
		r = open_it(ret, e);
	if (r < 0)
		return r;
	if (r == 0 && fstat(ret->fd, &ret->st) < 0)
		return err_set(e, -errno, "look at '%s'", path);
	if (r == 0 && S_ISBLK(ret->st.st_mode)) {
		ret->kind = SWAP_DEVICE;
		return swap_device_look(ret, e);
	}
	if (r == 0)
		r = swap_file_look(ret, e);
	return r < 0 ? r : look_at_folder(ret, e);
}

/* Where SELinux confines swapon, it wants this type. A policy without it says so, and then needs none. */
static void set_label(const struct swap_place *p, int fd)
{
	static const char type[] = "system_u:object_r:swapfile_t:s0";

	if (file_exists(p->root, "/sys/fs/selinux/enforce"))
		(void) !fsetxattr(fd, "security.selinux", type, sizeof type, 0);
}

/* btrfs: the kernel swaps only to files that are not copied on write; it has to be said while the file is empty. */
static void forbid_copy_on_write(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_NOCOW_FL;
		(void) !ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
}

static int write_zeros(int fd, uint64_t size)
{
	static char zeros[1 << 18]; /* not const: so it costs nothing in the file */

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < sizeof zeros ? (size_t) (size - at) : sizeof zeros;
		ssize_t done = pwrite(fd, zeros, n, (off_t) at);

		if (done < 0 && errno != EINTR)
			return -errno;
		at += done > 0 ? (uint64_t) done : 0;
	}
	return 0;
}

/* The blocks are on disk before the header says that they are there. */
static int write_header(int fd, uint64_t size)
{
	static char page[SWAP_PAGE_MAX];
	size_t len = 0;
	int r = fsync(fd) < 0 ? -errno : swap_first_page(size, page, &len);

	if (r < 0)
		return r;
	if (pwrite(fd, page, len, 0) != (ssize_t) len)
		return errno ? -errno : -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

static int fill(const struct swap_place *p, int fd, uint64_t size, bool zeros)
{
	struct statfs fs;
	int r = 0;

	if (fstatfs(fd, &fs) == 0 && (unsigned) fs.f_type == BTRFS_SUPER_MAGIC)
		forbid_copy_on_write(fd);
	set_label(p, fd);
	if (zeros || fallocate(fd, 0, 0, (off_t) size) < 0) {
		if (!zeros && errno != EOPNOTSUPP)
			return -errno;
		r = write_zeros(fd, size);
	}
	return r < 0 ? r : write_header(fd, size);
}

/* The name comes last, and only where there is none: linkat(2) replaces nothing. */
static int give_name(const struct swap_place *p, int fd)
{
	char unnamed[32];

	snprintf(unnamed, sizeof unnamed, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, unnamed, p->dir, file_name(p), AT_SYMLINK_FOLLOW) < 0 || fsync(p->dir) < 0)
		return -errno;
	return 0;
}

int swap_file_make(struct swap_place *p, uint64_t size, bool zeros, struct err *e)
{
	AUTO_FD fd = openat(p->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct stat made;
	int r;

	if (fd < 0)
		return err_set(e, -errno, "make '%s'", p->path);
	r = fill(p, fd, size, zeros);
	if (r == 0)
		r = give_name(p, fd);
	if (r < 0 || fstat(fd, &made) < 0)
		return err_set(e, r < 0 ? r : -errno, "make '%s' with %llu MiB", p->path, (unsigned long long) (size / MIB));
	/* swapon(2) takes no descriptor of a file that was without a name when it was opened. */
	fd_closep(&p->fd);
	p->fd = openat(p->dir, file_name(p), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (p->fd < 0 || fstat(p->fd, &p->st) < 0 || p->st.st_ino != made.st_ino || p->st.st_dev != made.st_dev)
		return err_say(e, -ESTALE, "make '%s': somebody else has put another file there meanwhile", p->path);
	return 0;
}

int swap_file_unmake(struct swap_place *p, struct err *e)
{
	if (unlinkat(p->dir, file_name(p), 0) < 0 && errno != ENOENT)
		return err_set(e, -errno, "remove '%s'", p->path);
	fd_closep(&p->fd);
	return 0;
}
