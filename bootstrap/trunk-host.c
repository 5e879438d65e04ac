#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "bootstrap/trunk-host.h"
#include "common/file.h"
#include "common/spawn.h"

#define NETS "/sys/class/net"

enum { NETS_MAX = 4096, MODPROBE_MS = 10000, SYSTEMCTL_MS = 5000 };

static bool is_mac(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (n % 3 == 2 ? text[n] != ':' : !strchr("0123456789abcdefABCDEF", text[n]))
			return false;
	return n == 17;
}

/* It goes into files where some signs would mean something. */
static bool is_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-");

	return n > 0 && n < sizeof(((struct trunk_primary *) 0)->name) && !text[n];
}

static bool has_mac(int root, const char *name, const char *mac, char ret[18])
{
	char path[320];
	AUTO_BUF text = { .limit = 64 };
	struct err unused;
	struct view have;

	snprintf(path, sizeof path, NETS "/%s/address", name);
	if (file_read(root, path, 64, &text, &unused) != 0)
		return false;
	have = view_trim(buf_view(&text));
	if (have.len != 17 || strncasecmp(have.p, mac, 17) != 0)
		return false;
	snprintf(ret, 18, "%.*s", VIEW_ARG(have, (size_t) 17));
	return true;
}

int trunk_find_primary(int root, const char *mac, struct trunk_primary *ret, struct err *e)
{
	struct trunk_primary found = { .name = "" };
	bool real = false;
	unsigned n = 0;
	int fd;
	DIR *nets;

	if (!is_mac(mac))
		return err_say(e, -EBADMSG, "read the primary interface's MAC address: the metadata service gives none");
	fd = file_open(root, NETS, O_RDONLY | O_DIRECTORY, 0);
	nets = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *d = nets ? readdir(nets) : NULL; d && n < NETS_MAX; d = readdir(nets), n++) {
		char path[320];
		bool device;

		snprintf(path, sizeof path, NETS "/%s/device", d->d_name);
		if (d->d_name[0] == '.' || !is_name(d->d_name) || !has_mac(root, d->d_name, mac, found.mac))
			continue;
		device = file_exists(root, path);
		if (device || !real)
			snprintf(found.name, sizeof found.name, "%.15s", d->d_name);
		real |= device;
	}
	if (nets)
		(void) closedir(nets);
	if (!found.name[0])
		return err_say(e, -ENODEV, "find the primary interface: none has the MAC address %s of the metadata service", mac);
	*ret = found;
	return 0;
}

static bool is_installed(int root, const struct trunk_file *f)
{
	if (!f->probes[0])
		return true;
	for (size_t i = 0; i < ARRAY_LEN(f->probes) && f->probes[i]; i++)
		if (file_exists(root, f->probes[i]))
			return true;
	return false;
}

static int write_file(int root, const char *path, struct view text, struct err *e)
{
	char folder[128];
	mode_t before;
	int r;

	snprintf(folder, sizeof folder, "%.*s", (int) (strrchr(path, '/') - path), path);
	before = umask(022); /* our unit's is stricter, and networkd reads as a user of its own */
	r = dir_make(root, folder, 0755, e);
	(void) umask(before);
	return r ? r : file_replace(root, path, text.p, text.len, 0644, e);
}

/* 0, TRUNK_SAME, or negative. */
static int remove_file(int root, const char *path, struct err *e)
{
	return file_exists(root, path) ? file_remove(root, path, e) : TRUNK_SAME;
}

static int remove_all(int root, struct err *e)
{
	int outcome = TRUNK_SAME;

	for (size_t i = 0; i < TRUNK_FILES && outcome >= 0; i++) {
		int r = remove_file(root, trunk_files[i].path, e);

		outcome = r == TRUNK_SAME ? outcome : r;
	}
	return outcome;
}

static int write_all(int root, const struct trunk_primary *p, const char *drivers, struct err *e)
{
	int outcome = TRUNK_SAME;

	for (size_t i = 0; i < TRUNK_FILES; i++) {
		const struct trunk_file *f = &trunk_files[i];
		AUTO_BUF text = { .limit = 4096 };
		int r;

		if (is_installed(root, f)) {
			r = f->render(p, drivers, &text);
			r = r < 0 ? err_set(e, r, "render '%s'", f->path) : write_file(root, f->path, buf_view(&text), e);
		} else {
			r = remove_file(root, f->path, e);
		}
		if (r < 0)
			return r;
		outcome = r > 0 ? outcome : 0;
	}
	return outcome;
}

/*
 * The managers cannot be asked before there is D-Bus, which this early in a boot there is not: a unit does it as soon as
 * there is. Below another root there is no systemd of ours to be told.
 */
static int tell_managers(int root, struct err *e)
{
	static const char *const argv[] = { "systemctl", "--no-block", "start", TRUNK_UNIT, NULL };
	const struct spawn s = { .argv = argv, .deadline_ms = SYSTEMCTL_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	int status = 0, r;

	if (!dir_exists(root, "/run/systemd/system"))
		return 0;
	r = spawn_run(&s, &status, &out, &errors, e);
	if (r < 0)
		return err_wrap(e, "start " TRUNK_UNIT);
	if (status != 0)
		return err_say(e, -EIO, "start " TRUNK_UNIT ": systemctl ended with %d: %.*s", status, VIEW_ARG(view_trim(buf_view(&errors)), 300));
	return 0;
}

/* 0: it is there, also for the next boots; TRUNK_SAME; TRUNK_NO_MODULE with *e; negative. */
static int load_module(int root, struct err *e)
{
	static const char *const argv[] = { "modprobe", "8021q", NULL };
	static const char text[] = "# Written by ecs-bootstrap for eniTrunking.\n8021q\n";
	const struct spawn s = { .argv = argv, .deadline_ms = MODPROBE_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	int status = 0, r;

	if (!file_exists(root, "/proc/net/vlan/config") && !dir_exists(root, "/sys/module/8021q")) {
		r = spawn_run(&s, &status, &out, &errors, e);
		if (r < 0)
			return err_wrap(e, "load module 8021q"), TRUNK_NO_MODULE;
		if (status != 0)
			return err_say(e, -ENODEV, "load module 8021q: %.*s (is it in this kernel, CONFIG_VLAN_8021Q?)",
				       VIEW_ARG(view_trim(buf_view(&errors)), 200)), TRUNK_NO_MODULE;
	}
	r = write_file(root, PATH_TRUNK_MODULES, (struct view) { text, sizeof text - 1 }, e);
	return r == FILE_SAME ? TRUNK_SAME : r;
}

int trunk_host_prepare(int root, const char *mac, const char *drivers, struct err *e)
{
	struct trunk_primary p;
	struct err unused;
	int module, files, r = trunk_find_primary(root, mac, &p, e);

	if (r < 0)
		return r;
	files = write_all(root, &p, drivers, e);
	if (files < 0) {
		(void) !remove_all(root, &unused);
		return files;
	}
	if (files == 0 && (r = tell_managers(root, e)) < 0)
		return r;
	module = load_module(root, e);
	return module == TRUNK_SAME ? files : module;
}

int trunk_host_release(int root, struct err *e)
{
	int module = remove_file(root, PATH_TRUNK_MODULES, e), files;

	if (module < 0)
		return module;
	files = remove_all(root, e);
	if (files == 0)
		files = tell_managers(root, e);
	return files == TRUNK_SAME ? module : files;
}
