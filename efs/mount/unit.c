#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/sibling.h"
#include "efs/mount/child.h"
#include "efs/mount/unit.h"

enum { START_MS = 25000, STOP_MS = 5000, TEXT_MAX = 16 << 10, NAME_SIZE = EFS_BASE_SIZE + 64 };

static int add_line(struct buf *b, const char *key, struct view value, struct err *e)
{
	int r;

	if (value.len > 0 && (memchr(value.p, '\n', value.len) || memchr(value.p, '\0', value.len)))
		return err_say(e, -EINVAL, "describe the tunnel: %s has a line end in it", key);
	r = buf_printf(b, "%s=%.*s\n", key, VIEW_ARG(value, (size_t) PATH_MAX));
	return r < 0 ? err_set(e, r, "describe the tunnel") : 0;
}

int unit_text(const struct tunnel_unit *t, struct buf *b, struct err *e)
{
	const struct efs_options *o = t->options;
	char port[16];
	int n = snprintf(port, sizeof port, "%u", o->tlsport), r = 0;
	const struct {
		const char *key;
		struct view value;
	} lines[] = {
		{ "FILE_SYSTEM", view_of(t->place->id) },
		{ "HOST", view_of(t->place->host) },
		{ "CONNECT", view_of(t->place->connect) },
		{ "REGION", view_of(t->place->region) },
		{ "PORT", { port, (size_t) n } },
		{ "NETNS", o->value[OPT_NETNS] },
		{ "ACCESS_POINT", o->value[OPT_ACCESSPOINT] },
		{ "IAM", view_of(o->given[OPT_IAM] ? "true" : "false") },
		{ "CREDENTIALS_URI", o->value[OPT_AWSCREDSURI] },
		{ "CA_FILE", view_of(t->ca_file) },
		{ "VERIFY", view_of(o->verify ? "2" : "0") },
		{ "MOUNTPOINT", view_of(t->dir) },
		{ "SOURCE", view_of(t->source) },
	};

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(lines); i++)
		r = add_line(b, lines[i].key, lines[i].value.p ? lines[i].value : view_of(""), e);
	return r;
}

static void name_file(const struct tunnel_unit *t, const char *suffix, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, PATH_EFS_RUN_DIR "/%s%s", t->base, suffix);
}

static int forget(const struct tunnel_unit *t, struct err *e)
{
	static const char *const suffixes[] = { ".conf", ".port", ".error" };
	char path[NAME_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(suffixes); i++) {
		name_file(t, suffixes[i], path);
		r = file_remove(t->root, path, e);
	}
	return r;
}

static int write_state(const struct tunnel_unit *t, struct err *e)
{
	AUTO_BUF text = { .limit = TEXT_MAX };
	char path[NAME_SIZE];
	int r = unit_text(t, &text, e);

	name_file(t, ".conf", path);
	if (r == 0)
		r = dir_make(t->root, "/run/ecs", 0755, e);
	if (r == 0)
		r = dir_make(t->root, PATH_EFS_RUN_DIR, 0700, e);
	if (r == 0)
		r = forget(t, e); /* an earlier one at this place; its file must not look old */
	if (r == 0)
		r = file_replace(t->root, path, text.p, text.len, 0600, e);
	return r < 0 ? r : 0;
}

static int run(const char *what, const char *const *argv, long deadline, struct err *e)
{
	struct child c = { .work = child_exec, .ctx = (void *) argv, .netns = -1, .deadline = deadline };
	AUTO_BUF said = { .limit = 2048 };
	struct view text, line = { "", 0 };
	int status, r = child_run(&c, &status, &said, e);

	if (r < 0)
		return err_wrap(e, "start the tunnel: %s", what);
	text = view_trim(buf_view(&said));
	(void) view_line(&text, &line);
	if (status == 0)
		return 0;
	return err_say(e, -EIO, "start the tunnel: %s: exit status %d%s%.*s", what, status, line.len > 0 ? ": " : "", VIEW_ARG(line, (size_t) 300));
}

static int systemctl(const struct tunnel_unit *t, const char *verb, long deadline, struct err *e)
{
	char unit[NAME_SIZE];
	const char *argv[] = { "systemctl", verb, unit, NULL };

	snprintf(unit, sizeof unit, EFS_TUNNEL "@%s.service", t->base);
	return run("systemctl", argv, deadline, e);
}

/* Where there is no systemd: the program beside our own, which goes into the background once it listens. */
static int start_directly(const struct tunnel_unit *t, long deadline, struct err *e)
{
	char program[PATH_MAX];
	const char *argv[] = { program, "--root", t->root_path ? t->root_path : "/", t->base, NULL };
	int r = sibling(EFS_TUNNEL, program, sizeof program, e);

	if (r < 0)
		return r;
	if (access(program, X_OK) < 0)
		return err_set(e, -errno, "start the tunnel '%s'", program);
	return run(EFS_TUNNEL, argv, deadline, e);
}

/* A unit that still runs has the words of an earlier mount: it is started anew. */
static int start(const struct tunnel_unit *t, struct err *e)
{
	long until = clock_ms() + START_MS;

	until = until < t->deadline ? until : t->deadline;
	return dir_exists(t->root, "/run/systemd/system") ? systemctl(t, "restart", until, e) : start_directly(t, until, e);
}

bool unit_trouble(const struct tunnel_unit *t, struct err *e)
{
	AUTO_BUF text = { .limit = TEXT_MAX };
	char path[NAME_SIZE];
	struct err unused;
	struct view v;

	name_file(t, ".error", path);
	if (file_read(t->root, path, TEXT_MAX, &text, &unused) != 0)
		return false;
	v = view_trim(buf_view(&text));
	(void) err_say(e, -EIO, "the tunnel says: %.*s", VIEW_ARG(v, (size_t) 400));
	return v.len > 0;
}

static int read_port(const struct tunnel_unit *t, unsigned *ret, struct err *e)
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

int unit_start(const struct tunnel_unit *t, unsigned *ret_port, struct err *e)
{
	int r = write_state(t, e);

	if (r == 0)
		r = start(t, e);
	if (r == 0)
		r = read_port(t, ret_port, e);
	if (r < 0) {
		(void) unit_trouble(t, e); /* it knows better */
		unit_stop(t);
	}
	return r;
}

/* Without systemd it ends by itself when there is no mount. */
void unit_stop(const struct tunnel_unit *t)
{
	struct err unused;

	if (dir_exists(t->root, "/run/systemd/system") && systemctl(t, "stop", clock_ms() + STOP_MS, &unused) < 0)
		return; /* it may still want its files */
	if (forget(t, &unused) < 0)
		return;
}
