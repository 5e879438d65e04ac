#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/swap.h>
#include <unistd.h>

#include "bootstrap/swap-kernel.h"
#include "bootstrap/swap-plan.h"
#include "common/file.h"
#include "common/parse.h"

#define SWAPPINESS "/proc/sys/vm/swappiness"

enum { PROC_MAX = 1 << 20 };

/* Two names may stand for one file or device. A deleted one has no name any more. */
static bool is_same(const struct swaps_line *line, const struct stat *st)
{
	struct stat other;

	if (line->deleted || stat(line->path, &other) < 0)
		return false;
	if (S_ISBLK(st->st_mode))
		return S_ISBLK(other.st_mode) && other.st_rdev == st->st_rdev;
	return other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

int swap_look_use(int root, const struct stat *st, struct swap_use *ret, struct err *e)
{
	AUTO_BUF text = { 0 };
	struct swaps_line line;
	struct view rest;
	int r = file_read(root, "/proc/swaps", PROC_MAX, &text, e);

	*ret = (struct swap_use) { .active = false };
	if (r != 0)
		return r == FILE_ABSENT ? SWAP_NO_KERNEL : r;
	rest = buf_view(&text);
	while (st && swaps_next(&rest, &line)) {
		if (is_same(&line, st)) {
			ret->active = true;
			ret->used = line.used;
		} else if (line.size > line.used) {
			ret->elsewhere += line.size - line.used;
		}
	}
	return 0;
}

int swap_look_memory(int root, uint64_t *ret_total, uint64_t *ret_available, struct err *e)
{
	AUTO_BUF text = { 0 };
	int r = file_read(root, "/proc/meminfo", PROC_MAX, &text, e);

	if (r < 0)
		return r;
	if (r == FILE_ABSENT || !meminfo_find(buf_view(&text), "MemTotal", ret_total) ||
	    !meminfo_find(buf_view(&text), "MemAvailable", ret_available))
		return err_say(e, -EBADMSG, "read '/proc/meminfo': it does not say how much memory there is");
	return 0;
}

static void fd_path(int fd, char ret[32])
{
	snprintf(ret, 32, "/proc/self/fd/%d", fd);
}

int swap_on(int fd, int priority, const char *path, struct err *e)
{
	char name[32];

	fd_path(fd, name);
	if (swapon(name, SWAP_FLAG_PREFER | (priority & SWAP_FLAG_PRIO_MASK)) == 0 || errno == EBUSY)
		return 0;
	if (errno == EINVAL)
		return SWAP_REFUSED;
	return err_set(e, -errno, "swap to '%s'", path);
}

int swap_off(int fd, const char *path, struct err *e)
{
	char name[32];

	fd_path(fd, name);
	if (swapoff(name) == 0 || errno == EINVAL)
		return 0;
	return err_set(e, -errno, "stop swapping to '%s'", path);
}

int swap_read_line(int root, const char *path, char *ret, size_t size, struct err *e)
{
	AUTO_BUF text = { 0 };
	int r = file_read(root, path, 4096, &text, e);

	snprintf(ret, size, "%.*s", VIEW_ARG(view_trim(buf_view(&text)), size - 1));
	return r;
}

int swap_write_line(int root, const char *path, const char *text, struct err *e)
{
	AUTO_FD fd = file_open(root, path, O_WRONLY, 0);

	if (fd < 0)
		return err_set(e, fd, "open '%s'", path);
	if (write(fd, text, strlen(text)) < 0)
		return err_set(e, -errno, "write '%s' to '%s'", text, path);
	return 0;
}

int swap_first_page(uint64_t size, char page[SWAP_PAGE_MAX], size_t *ret_len)
{
	size_t page_size = (size_t) sysconf(_SC_PAGESIZE);
	unsigned char uuid[SWAP_UUID_SIZE];

	if (page_size > SWAP_PAGE_MAX || getrandom(uuid, sizeof uuid, 0) != sizeof uuid)
		return -EOPNOTSUPP;
	uuid[6] = (unsigned char) ((uuid[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
	uuid[8] = (unsigned char) ((uuid[8] & 0x3f) | 0x80);
	swap_header_make(page, page_size, size, uuid);
	*ret_len = page_size;
	return 0;
}

int swap_set_swappiness(int root, int value, int *ret_was, struct err *e)
{
	char text[16];
	uint64_t was;
	int r = swap_read_line(root, SWAPPINESS, text, sizeof text, e);

	if (r < 0)
		return r;
	if (r == FILE_ABSENT || parse_u64(view_of(text), 200, &was) < 0)
		return err_say(e, -EBADMSG, "read '%s': '%s' is no swappiness", SWAPPINESS, text);
	*ret_was = (int) was;
	if (*ret_was == value)
		return 0;
	snprintf(text, sizeof text, "%d", value);
	return swap_write_line(root, SWAPPINESS, text, e);
}
