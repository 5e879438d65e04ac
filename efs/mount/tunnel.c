#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"
#include "efs/mount/child.h"
#include "efs/mount/tunnel.h"

enum { START_MS = 25000, STOP_MS = 5000, TEXT_MAX = 16 << 10, NAME_SIZE = EFS_BASE_SIZE + 64 };

static int add_line(struct buf *b, const char *key, struct view value, struct err *e)
{
	int r;

	if (value.len > 0 && (memchr(value.p, '\n', value.len) || memchr(value.p, '\0', value.len)))
		return err_say(e, -EINVAL, "describe the tunnel: %s has a line end in it", key);
	r = buf_printf(b, "%s=%.*s\n", key, VIEW_ARG(value, (size_t) PATH_MAX));
	return r < 0 ? err_set(e, r, "describe the tunnel") : 0;
}

int tunnel_text(const struct tunnel *t, struct buf *b, struct err *e)
{
	const struct efs_options *o = t->options;
	char port[16];
	const struct {
		const char *key;
		struct view value;
	} lines[] = {
		{ "FILE_SYSTEM", view_of(t->place->id) },
		{ "HOST", view_of(t->place->host) },
		{ "CONNECT", view_of(t->place->connect) },
		{ "REGION", view_of(t->place->region) },
		{ "PORT", view_of(port) },
		{ "NETNS", o->value[OPT_NETNS] },
		{ "ACCESS_POINT", o->value[OPT_ACCESSPOINT] },
		{ "IAM", view_of(o->given[OPT_IAM] ? "true" : "false") },
		{ "CREDENTIALS_URI", o->value[OPT_AWSCREDSURI] },
		{ "CA_FILE", view_of(t->ca_file) },
		{ "VERIFY", view_of(o->verify ? "2" : "0") },
		{ "MOUNTPOINT", view_of(t->dir) },
		{ "SOURCE", view_of(t->source) },
	};
	int r = 0;

	snprintf(port, sizeof port, "%u", o->tlsport);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(lines); i++)
		r = add_line(b, lines[i].key, lines[i].value.p ? lines[i].value : view_of(""), e);
	return r;
}

static void name_file(const struct tunnel *t, const char *suffix, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, PATH_EFS_RUN_DIR "/%s%s", t->base, suffix);
}

static int write_state(const struct tunnel *t, struct err *e)
{
	AUTO_BUF text = { .limit = TEXT_MAX };
	char path[NAME_SIZE], port[NAME_SIZE];
	int r = tunnel_text(t, &text, e);

	name_file(t, ".conf", path);
	name_file(t, ".port", port);
	if (r == 0)
		r = dir_make(t->root, "/run/ecs", 0755, e);
	if (r == 0)
		r = dir_make(t->root, PATH_EFS_RUN_DIR, 0700, e);
	if (r == 0)
		r = file_remove(t->root, port, e); /* of an earlier one at this place */
	if (r == 0)
		r = file_replace(t->root, path, text.p, text.len, 0600, e);
	return r < 0 ? r : 0;
}

/* Where there is no systemd: the program beside our own. */
static int name_program(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	char *slash;

	ret[n > 0 ? n : 0] = '\0';
	slash = strrchr(ret, '/');
	if (!slash || (size_t) (slash + 1 - ret) + sizeof EFS_TUNNEL > size)
		return -ENAMETOOLONG;
	strcpy(slash + 1, EFS_TUNNEL);
	return 0;
}

static int run(const char *const *argv, long deadline, struct err *e)
{
	struct child c = { .work = child_exec, .ctx = (void *) argv, .netns = -1, .deadline = deadline };
	AUTO_BUF said = { .limit = 2048 };
	struct view text, line = { "", 0 };
	int status, r = child_run(&c, &status, &said, e);

	if (r < 0)
		return err_wrap(e, "start the tunnel");
	text = view_trim(buf_view(&said));
	if (status != 0)
		(void) view_line(&text, &line);
	return status == 0 ? 0 : err_say(e, -EIO, "start the tunnel: %s: exit status %d%s%.*s", argv[0], status, line.len > 0 ? ": " : "",
					 VIEW_ARG(line, (size_t) 300));
}

/* systemctl, or the program itself. A unit that still runs has the words of an earlier mount: it is started anew. */
static int command(const struct tunnel *t, const char *verb, long deadline, struct err *e)
{
	char unit[NAME_SIZE], program[PATH_MAX];
	const char *const systemd[] = { "systemctl", verb, unit, NULL };
	const char *const direct[] = { program, t->base, NULL };

	snprintf(unit, sizeof unit, EFS_TUNNEL "@%s.service", t->base);
	if (dir_exists(t->root, "/run/systemd/system"))
		return run(systemd, deadline, e);
	if (strcmp(verb, "restart") != 0)
		return 0; /* without systemd it ends by itself when there is no mount */
	if (name_program(program, sizeof program) < 0)
		return err_say(e, -ENAMETOOLONG, "start the tunnel: the path of this program is too long");
	return run(direct, deadline, e);
}

static int read_port(const struct tunnel *t, unsigned *ret, struct err *e)
{
	AUTO_BUF text = { .limit = 64 };
	char path[NAME_SIZE];
	uint64_t port;
	int r;

	name_file(t, ".port", path);
	r = file_read(t->root, path, 64, &text, e);
	if (r < 0)
		return r;
	if (r > 0 || parse_u64(view_trim(buf_view(&text)), 65535, &port) < 0 || port == 0)
		return err_say(e, -EIO, "start the tunnel: it names no port in %s", path);
	*ret = (unsigned) port;
	return 0;
}

int tunnel_start(const struct tunnel *t, unsigned *ret_port, struct err *e)
{
	long until = clock_ms() + START_MS;
	int r = write_state(t, e);

	if (r == 0)
		r = command(t, "restart", until < t->deadline ? until : t->deadline, e);
	if (r == 0)
		r = read_port(t, ret_port, e);
	if (r < 0)
		tunnel_stop(t);
	return r;
}

void tunnel_stop(const struct tunnel *t)
{
	static const char *const suffixes[] = { ".conf", ".port" };
	char path[NAME_SIZE];
	struct err unused;

	(void) command(t, "stop", clock_ms() + STOP_MS, &unused);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		name_file(t, suffixes[i], path);
		if (file_remove(t->root, path, &unused) < 0)
			continue; /* nobody is hurt by one that stays */
	}
}
