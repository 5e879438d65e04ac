#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bootstrap/proc-text.h"
#include "bootstrap/swap-await.h"
#include "common/clock.h"
#include "common/file.h"

enum { FSTAB_MAX = 1 << 20, LOOK_MS = 200 };

static bool has_option(struct view options, const char *name)
{
	while (options.len > 0)
		if (view_is(view_cut(&options, ','), name))
			return true;
	return false;
}

static bool is_above(const char *point, const char *path)
{
	size_t n = strlen(point);

	while (n > 1 && point[n - 1] == '/')
		n--;
	return n > 1 && strncmp(path, point, n) == 0 && path[n] == '/';
}

bool swap_mounts_next(struct view *fstab, const char *path, struct swap_mount *ret)
{
	struct view line;

	while (view_line(fstab, &line)) {
		struct view device = proc_word(&line), point = proc_word(&line), options;

		(void) proc_word(&line); /* type */
		options = proc_word(&line);
		if (device.len == 0 || device.p[0] == '#' || !proc_unescape(point, ret->point, sizeof ret->point) || !is_above(ret->point, path))
			continue;
		if (has_option(options, "noauto") || has_option(options, "bind") || has_option(options, "rbind"))
			continue;
		ret->by_cloud_init = has_option(options, "x-systemd.requires=cloud-init.service") || has_option(options, "comment=cloudconfig");
		return true;
	}
	return false;
}

/* As mountpoint(1): the folder above is of another file system. */
static bool is_mounted(int root, const char *point)
{
	struct stat here, above;
	AUTO_FD fd = file_open(root, point, O_RDONLY | O_DIRECTORY, 0);

	return fd >= 0 && fstat(fd, &here) == 0 && fstatat(fd, "..", &above, 0) == 0 && here.st_dev != above.st_dev;
}

int swap_await_mounts(int root, const char *path, unsigned wait_ms, struct err *e)
{
	AUTO_BUF text = { 0 };
	long until = clock_ms() + (long) wait_ms;
	struct swap_mount m;
	struct view rest;
	int r = file_read(root, "/etc/fstab", FSTAB_MAX, &text, e);

	if (r != 0)
		return r < 0 ? r : 0;
	rest = buf_view(&text);
	while (swap_mounts_next(&rest, path, &m)) {
		while (!is_mounted(root, m.point) && !m.by_cloud_init && clock_ms() < until)
			clock_sleep_ms(LOOK_MS);
		if (!is_mounted(root, m.point))
			return err_say(e, -EAGAIN, "use '%.512s' for swap: '%.512s' of /etc/fstab is not mounted%s", path, m.point,
				       m.by_cloud_init ? " yet, cloud-init does it later" : "");
	}
	return 0;
}
