#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/keyval.h"
#include "netconf/sysctl-wanted.h"

enum { VALUE_MAX = 64, STATE_MAX = 64 << 10 };

#define ROUTE_LOCALNET "net/ipv4/conf/all/route_localnet"
#define DEFAULT_ROUTE_LOCALNET "net/ipv4/conf/default/route_localnet"

/* With udev, systemd sets what SYSCTL_LATER says on each interface that comes. */
static bool is_narrow(const struct sysctls *s)
{
	return !s->old_systemd && file_exists(s->root, "/run/udev/control") &&
	       (file_exists(s->root, "/usr/lib/systemd/systemd-sysctl") || file_exists(s->root, "/lib/systemd/systemd-sysctl"));
}

static void path_of(const char *key, char path[SYSCTL_KEY_MAX + 16])
{
	snprintf(path, SYSCTL_KEY_MAX + 16, "/proc/sys/%s", key);
}

/* FILE_ABSENT if the kernel has no such key. The value comes without its line end. */
static int value_read(int proc, const char *key, char value[VALUE_MAX], struct err *e)
{
	AUTO_BUF b = { .limit = 0 };
	char path[SYSCTL_KEY_MAX + 16];
	struct view v;
	int r;

	path_of(key, path);
	r = file_read(proc, path, VALUE_MAX - 1, &b, e);
	if (r != 0)
		return r;
	v = view_trim(buf_view(&b));
	snprintf(value, VALUE_MAX, "%.*s", VIEW_ARG(v, v.len));
	return 0;
}

/* Written in place: files of /proc are not replaced. */
static int value_write(int proc, const char *key, const char *value, struct err *e)
{
	char path[SYSCTL_KEY_MAX + 16];
	AUTO_FD fd = -1;
	size_t len = strlen(value);

	path_of(key, path);
	fd = file_open(proc, path, O_WRONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_set(e, fd, "set sysctl '%s' to %s", key, value);
	return write(fd, value, len) == (ssize_t) len ? 0 : err_set(e, -errno, "set sysctl '%s' to %s", key, value);
}

/* SYSCTL_CHANGED if it was another value. */
static int value_set(int proc, const char *key, const char *value, struct err *e)
{
	char now[VALUE_MAX];
	int r = value_read(proc, key, now, e);

	if (r != 0)
		return r == FILE_ABSENT ? 0 : r;
	if (strcmp(now, value) == 0)
		return 0;
	r = value_write(proc, key, value, e);
	return r < 0 ? r : SYSCTL_CHANGED;
}

/* Like keyval_find(), but for keys with '/'. */
static bool state_has(struct view state, const char *key)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&state, &kv)) != KEYVAL_END)
		if ((kind == KEYVAL_PAIR || kind == KEYVAL_BAD_NAME) && view_is(kv.key, key))
			return true;
	return false;
}

/* Only what this program may have written is believed. */
static bool state_key_ok(struct view key)
{
	return (view_starts(key, "net/ipv4/conf/") || view_starts(key, "net/ipv6/conf/")) && key.len < SYSCTL_KEY_MAX &&
	       !memmem(key.p, key.len, "..", 2);
}

static bool is_wanted(const struct sysctls_wanted *w, struct view key)
{
	for (size_t i = 0; i < w->n; i++)
		if (view_is(key, w->of[i].key))
			return true;
	return false;
}

/* Keys already in the state were changed by an earlier apply: their value of now is not the one from before. */
static int state_add(const struct sysctls *s, const struct sysctls_wanted *w, struct buf *state, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *key = w->of[i].key;
		char value[VALUE_MAX];
		int r;

		if (state_has(buf_view(state), key))
			continue;
		r = value_read(s->proc, key, value, e);
		if (r < 0)
			return r;
		if (r == 0)
			r = buf_printf(state, "%s=%s\n", key, value);
		if (r < 0)
			return err_set(e, r, "note sysctl '%s'", key);
	}
	return 0;
}

/* false: not a line that this program may have written. */
static bool state_pair(enum keyval_kind kind, const struct keyval *kv, char key[SYSCTL_KEY_MAX], char value[VALUE_MAX])
{
	if ((kind != KEYVAL_PAIR && kind != KEYVAL_BAD_NAME) || !state_key_ok(kv->key) || kv->value.len >= VALUE_MAX)
		return false;
	snprintf(key, SYSCTL_KEY_MAX, "%.*s", VIEW_ARG(kv->key, kv->key.len));
	snprintf(value, VALUE_MAX, "%.*s", VIEW_ARG(kv->value, kv->value.len));
	return true;
}

/* What an earlier apply set and is not wanted any more gets its old value, and is forgotten. Appends the rest to *kept. */
static int state_sift(const struct sysctls *s, const struct sysctls_wanted *w, struct view state, struct buf *kept, struct err *e)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	int r = 0;

	while (r >= 0 && (kind = keyval_next(&state, &kv)) != KEYVAL_END) {
		char key[SYSCTL_KEY_MAX], value[VALUE_MAX];

		if (!state_pair(kind, &kv, key, value))
			continue;
		if (!is_wanted(w, view_of(key)))
			r = value_set(s->proc, key, value, e);
		else if ((r = buf_printf(kept, "%s=%s\n", key, value)) < 0)
			(void) err_set(e, r, "note sysctl '%s'", key);
	}
	return r < 0 ? r : 0;
}

static int state_save(const struct sysctls *s, const struct sysctls_wanted *w, struct err *e)
{
	AUTO_BUF old = { .limit = 0 };
	AUTO_BUF state = { .limit = 0 };
	int r = file_read(s->root, SYSCTL_STATE, STATE_MAX, &old, e);

	if (r >= 0)
		r = state_sift(s, w, buf_view(&old), &state, e);
	if (r >= 0)
		r = state_add(s, w, &state, e);
	if (r < 0 || (state.len == old.len && (old.len == 0 || memcmp(state.p, old.p, old.len) == 0)))
		return r;
	r = file_replace(s->root, SYSCTL_STATE, state.p, state.len, 0600, e);
	return r < 0 ? r : 0;
}

/* A file for udev, where there is one; for everybody to read. */
static int later_write(const struct sysctls *s, bool narrow, struct err *e)
{
	AUTO_BUF text = { .limit = 0 };
	int r;

	if (!narrow)
		return file_remove(s->root, SYSCTL_LATER, e);
	r = sysctls_render_later(s, &text);
	if (r < 0)
		return err_set(e, r, "write '%s'", SYSCTL_LATER);
	r = dir_make(s->root, "/run/sysctl.d", 0755, e);
	if (r >= 0)
		r = file_replace(s->root, SYSCTL_LATER, text.p, text.len, 0644, e);
	return r < 0 ? r : 0;
}

int sysctls_apply(const struct sysctls *s, struct err *e)
{
	bool narrow = is_narrow(s);
	struct sysctls_wanted w;
	int r, changed = 0;

	sysctls_wanted(s, narrow, &w);
	r = state_save(s, &w, e);
	for (size_t i = 0; r >= 0 && i < w.n; i++) {
		r = value_set(s->proc, w.of[i].key, w.of[i].value, e);
		changed |= r == SYSCTL_CHANGED;
	}
	if (r >= 0)
		r = later_write(s, narrow, e);
	return r < 0 ? r : changed ? SYSCTL_CHANGED : 0;
}

/* Goes through all of it even if one cannot be set; the first failure is told. */
static int state_restore(int proc, struct view state, struct err *e)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	int first = 0;

	while ((kind = keyval_next(&state, &kv)) != KEYVAL_END) {
		char key[SYSCTL_KEY_MAX], value[VALUE_MAX];
		struct err other;
		int r;

		if (!state_pair(kind, &kv, key, value))
			continue;
		r = value_set(proc, key, value, first < 0 ? &other : e);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

/* Nobody knows the old value any more: the kernel's default for new interfaces is the best guess, as for ecs-init. */
static int route_localnet_default(int proc, struct err *e)
{
	char value[VALUE_MAX];
	int r = value_read(proc, DEFAULT_ROUTE_LOCALNET, value, e);

	if (r == 0)
		r = value_set(proc, ROUTE_LOCALNET, value, e);
	return r < 0 ? r : 0;
}

int sysctls_remove(const struct sysctls *s, struct err *e)
{
	AUTO_BUF state = { .limit = 0 };
	int r = file_remove(s->root, SYSCTL_LATER, e);

	if (r >= 0)
		r = file_read(s->root, SYSCTL_STATE, STATE_MAX, &state, e);
	if (r == FILE_ABSENT)
		return route_localnet_default(s->proc, e);
	if (r >= 0)
		r = state_restore(s->proc, buf_view(&state), e);
	return r < 0 ? r : file_remove(s->root, SYSCTL_STATE, e);
}

int sysctls_report(const struct sysctls *s, struct buf *out, struct err *e)
{
	struct sysctls_wanted w;

	sysctls_wanted(s, is_narrow(s), &w);
	for (size_t i = 0; i < w.n; i++) {
		char value[VALUE_MAX];
		int r = value_read(s->proc, w.of[i].key, value, e);

		if (r < 0)
			return r;
		if (r == 0 && strcmp(value, w.of[i].value) != 0)
			r = buf_printf(out, "sysctl: differs: %s is %s, wanted %s\n", w.of[i].key, value, w.of[i].value);
		if (r < 0)
			return err_set(e, r, "report sysctl '%s'", w.of[i].key);
	}
	return 0;
}

int sysctls_show(const struct sysctls *s, struct buf *out)
{
	struct sysctls_wanted w;
	int r = 0;

	sysctls_wanted(s, is_narrow(s), &w);
	for (size_t i = 0; r == 0 && i < w.n; i++)
		r = buf_printf(out, "# sysctl -w %s=%s\n", w.of[i].key, w.of[i].value);
	return r;
}
