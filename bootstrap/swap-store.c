#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/swap-place.h"
#include "common/spawn.h"

#define MODEL "Amazon EC2 NVMe Instance Storage"

enum { STORES_MAX = 64, MODPROBE_MS = 10000 };

static int by_name(const void *a, const void *b)
{
	return strverscmp(a, b);
}

static bool is_store(int root, const char *name)
{
	char path[128], model[64];
	struct err unused;

	if (strncmp(name, "nvme", 4) != 0 || strlen(name) > 32)
		return false;
	snprintf(path, sizeof path, "/sys/block/%.32s/device/model", name);
	return swap_read_line(root, path, model, sizeof model, &unused) == 0 && strcmp(model, MODEL) == 0;
}

/* From sysfs, which the kernel fills by itself; the links in /dev/disk come later, from udev. */
static size_t list_stores(int root, char names[STORES_MAX][64])
{
	int fd = file_open(root, "/sys/block", O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t n = 0;

	for (struct dirent *d = dir ? readdir(dir) : NULL; d && n < STORES_MAX; d = readdir(dir))
		if (is_store(root, d->d_name))
			snprintf(names[n++], 64, "/dev/%.32s", d->d_name);
	if (dir)
		(void) closedir(dir);
	else
		fd_closep(&fd);
	qsort(names, n, sizeof names[0], by_name);
	return n;
}

int swap_store_find(int root, char ret[64], struct err *e)
{
	char names[STORES_MAX][64];
	size_t n = list_stores(root, names);
	struct err why = { .text = "" };
	int best = -1;

	if (n == 0)
		return err_say(e, -ENODEV, "use instance-store for swap: this instance has no NVMe instance storage");
	for (size_t i = 0; i < n; i++) {
		AUTO_PLACE p = { .dir = -1, .fd = -1 };

		if (swap_place_open(root, names[i], &p, &why) < 0)
			continue;
		if (p.there == SWAP_FOREIGN) {
			why = p.why;
			continue;
		}
		if (p.there == SWAP_OTHER_SIZE) {
			best = (int) i;
			break;
		}
		if (best < 0)
			best = (int) i;
	}
	if (best < 0) {
		*e = why;
		return n > 1 ? err_wrap(e, "none of the %zu devices of the instance store is free, the last", n) : e->code;
	}
	snprintf(ret, 64, "%s", names[best]);
	return 0;
}

/* Where zram is a module; built in, or loaded, it is there already. */
static void load_zram(int root)
{
	static const char *const argv[] = { "modprobe", "zram", NULL };
	const struct spawn s = { .argv = argv, .deadline_ms = MODPROBE_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	struct err unused;
	int status;

	if (!dir_exists(root, "/sys/class/zram-control"))
		(void) !spawn_run(&s, &status, &out, &errors, &unused);
}

/* Reading the file makes a device and gives its number; one that somebody else waits to set up is not taken. */
int swap_zram_new(int root, char ret[64], struct err *e)
{
	char number[16];
	int r;

	load_zram(root);
	r = swap_read_line(root, "/sys/class/zram-control/hot_add", number, sizeof number, e);
	if (r == FILE_ABSENT)
		return err_say(e, -ENODEV, "use zram for swap: this kernel has no zram");
	if (r == 0)
		snprintf(ret, 64, "/dev/zram%s", number);
	return r;
}

int swap_zram_resize(int root, const char *path, uint64_t size, struct err *e)
{
	char file[128], text[32];
	int r;

	snprintf(file, sizeof file, "/sys/block/%.32s/reset", path + strlen("/dev/"));
	r = swap_write_line(root, file, "1", e);
	snprintf(file, sizeof file, "/sys/block/%.32s/disksize", path + strlen("/dev/"));
	snprintf(text, sizeof text, "%llu", (unsigned long long) size);
	return r < 0 ? r : swap_write_line(root, file, text, e);
}

int swap_zram_remove(int root, const char *path, struct err *e)
{
	char file[128];
	int r;

	snprintf(file, sizeof file, "/sys/block/%.32s/reset", path + strlen("/dev/"));
	r = swap_write_line(root, file, "1", e);
	return r < 0 ? r : swap_write_line(root, "/sys/class/zram-control/hot_remove", path + strlen("/dev/zram"), e);
}
