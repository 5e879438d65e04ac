#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/keyval.h"
#include "netconf/sysctl.h"

enum { KEY_MAX = 96, VALUE_MAX = 64, STATE_MAX = 64 << 10 };

#define ROUTE_LOCALNET "net/ipv4/conf/all/route_localnet"
#define DEFAULT_ROUTE_LOCALNET "net/ipv4/conf/default/route_localnet"

/*
 * route_localnet lets redirected packets from a bridge reach 127.0.0.1. accept_ra: a container must not be able to
 * announce itself as the host's IPv6 router (CVE-2020-13401).
 */
static const struct sysctl {
	const char *before, *after; /* what stands around the bridge's name in the key; after NULL: no bridge in it */
	const char *value;
} sysctls[] = {
	{ ROUTE_LOCALNET, NULL, "1" },
	{ "net/ipv6/conf/", "/accept_ra", "0" },
};

/* false: this one is about a bridge and there is none. */
static bool key_of(const struct sysctl *c, const char *bridge, char key[KEY_MAX])
{
	if (c->after && !bridge)
		return false;
	return snprintf(key, KEY_MAX, "%s%s%s", c->before, c->after ? bridge : "", c->after ? c->after : "") < KEY_MAX;
}

static void path_of(const char *key, char path[KEY_MAX + 16])
{
	snprintf(path, KEY_MAX + 16, "/proc/sys/%s", key);
}

/* FILE_ABSENT if the kernel has no such key. The value comes without its line end. */
static int value_read(int proc, const char *key, char value[VALUE_MAX], struct err *e)
{
	AUTO_BUF b = { .limit = 0 };
	char path[KEY_MAX + 16];
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

static int key_open(int proc, const char *key)
{
	char path[KEY_MAX + 16];

	path_of(key, path);
	return openat(proc, path + 1, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* Written in place: files of /proc are not replaced. */
static int value_write(int proc, const char *key, const char *value, struct err *e)
{
	AUTO_FD fd = key_open(proc, key);
	size_t len = strlen(value);

	if (fd < 0 || write(fd, value, len) != (ssize_t) len)
		return err_set(e, -errno, "set sysctl '%s' to %s", key, value);
	return 0;
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
	return (view_starts(key, "net/ipv4/conf/") || view_starts(key, "net/ipv6/conf/")) && key.len < KEY_MAX &&
	       !memmem(key.p, key.len, "..", 2);
}

/* Keys already in the state were changed by an earlier apply: their value of now is not the one from before. */
static int state_add(const struct sysctls *s, struct buf *state, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(sysctls); i++) {
		char key[KEY_MAX], value[VALUE_MAX];
		int r;

		if (!key_of(&sysctls[i], s->bridge, key) || state_has(buf_view(state), key))
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

static int state_save(const struct sysctls *s, struct err *e)
{
	AUTO_BUF state = { .limit = 0 };
	int r = file_read(s->root, SYSCTL_STATE, STATE_MAX, &state, e);
	size_t had = state.len;

	state.limit = 0;
	if (r >= 0)
		r = state_add(s, &state, e);
	if (r < 0 || state.len == had)
		return r;
	r = file_replace(s->root, SYSCTL_STATE, state.p, state.len, 0600, e);
	return r < 0 ? r : 0;
}

int sysctls_apply(const struct sysctls *s, struct err *e)
{
	int r = state_save(s, e), changed = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(sysctls); i++) {
		char key[KEY_MAX];

		if (!key_of(&sysctls[i], s->bridge, key))
			continue;
		r = value_set(s->proc, key, sysctls[i].value, e);
		changed |= r == SYSCTL_CHANGED;
	}
	return r < 0 ? r : changed ? SYSCTL_CHANGED : 0;
}

/* Goes through all of it even if one cannot be set; the first failure is told. */
static int state_restore(int proc, struct view state, struct err *e)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	int first = 0;

	while ((kind = keyval_next(&state, &kv)) != KEYVAL_END) {
		char key[KEY_MAX], value[VALUE_MAX];
		struct err other;
		int r;

		if ((kind != KEYVAL_PAIR && kind != KEYVAL_BAD_NAME) || !state_key_ok(kv.key) ||
		    kv.value.len >= VALUE_MAX)
			continue;
		snprintf(key, sizeof key, "%.*s", VIEW_ARG(kv.key, kv.key.len));
		snprintf(value, sizeof value, "%.*s", VIEW_ARG(kv.value, kv.value.len));
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
	int r = file_read(s->root, SYSCTL_STATE, STATE_MAX, &state, e);

	if (r < 0)
		return r;
	if (!state_has(buf_view(&state), ROUTE_LOCALNET))
		r = route_localnet_default(s->proc, e);
	if (r >= 0)
		r = state_restore(s->proc, buf_view(&state), e);
	return r < 0 ? r : file_remove(s->root, SYSCTL_STATE, e);
}

int sysctls_report(const struct sysctls *s, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(sysctls); i++) {
		char key[KEY_MAX], value[VALUE_MAX];
		int r;

		if (!key_of(&sysctls[i], s->bridge, key))
			continue;
		r = value_read(s->proc, key, value, e);
		if (r < 0)
			return r;
		if (r == 0 && strcmp(value, sysctls[i].value) != 0)
			r = buf_printf(out, "sysctl: differs: %s is %s, wanted %s\n", key, value, sysctls[i].value);
		if (r < 0)
			return err_set(e, r, "report sysctl '%s'", key);
	}
	return 0;
}

int sysctls_show(const struct sysctls *s, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sysctls); i++) {
		char key[KEY_MAX];

		if (key_of(&sysctls[i], s->bridge, key))
			r = buf_printf(out, "# sysctl -w %s=%s\n", key, sysctls[i].value);
	}
	return r;
}
