#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/keyval.h"
#include "common/paths.h"
#include "init/environment.h"

enum { ENVIRONMENT_MAX = 128 << 10 };

/* One pair of lines for each variable, name and value: neither can hold a line end. */
static int collect(int root, const char *path, struct buf *pairs, struct err *e)
{
	AUTO_BUF text = { 0 };
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	struct view rest;
	int r = file_read(root, path, CONFIG_FILE_MAX, &text, e);

	if (r != 0)
		return r < 0 ? r : 0;
	rest = buf_view(&text);
	while ((kind = keyval_next(&rest, &kv)) != KEYVAL_END) {
		struct view v = kv.value;

		if (kind != KEYVAL_PAIR)
			continue;
		if (v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0])
			v = (struct view) { v.p + 1, v.len - 2 };
		r = buf_printf(pairs, "%.*s\n%.*s\n", VIEW_ARG(kv.key, kv.key.len), VIEW_ARG(v, v.len));
		if (r < 0)
			return err_set(e, r == -EMSGSIZE ? -E2BIG : r, "take over the environment of '%s'", path);
	}
	return 0;
}

static int collect_both(int root, struct buf *pairs, struct err *e)
{
	int r = collect(root, PATH_INSTANCE_CONFIG, pairs, e);

	return r < 0 ? r : collect(root, PATH_ECS_CONFIG, pairs, e);
}

static void put(const char *name, struct view value)
{
	AUTO_BUF text = { 0 }; /* zeroed when done: it may be a secret */

	if (buf_add(&text, value.p, value.len) == 0)
		(void) setenv(name, text.p, 1);
}

/* Puts the variables into the environment, or with set false only their names down. */
static void take(struct environment *env, const struct buf *pairs, bool set)
{
	struct view rest = buf_view(pairs), name, value;

	while (view_line(&rest, &name) && view_line(&rest, &value)) {
		size_t at = env->names.len;

		if (buf_printf(&env->names, "%.*s%c", VIEW_ARG(name, name.len), 0) < 0)
			return;
		if (set)
			put(env->names.p + at, value);
	}
}

static void drop(struct environment *env)
{
	for (size_t at = 0; at < env->names.len; at += strlen(env->names.p + at) + 1)
		(void) unsetenv(env->names.p + at);
	buf_clear(&env->names);
}

void environment_note(int root, struct environment *env)
{
	AUTO_BUF pairs = { .limit = ENVIRONMENT_MAX };
	struct err unused;

	(void) !collect_both(root, &pairs, &unused);
	take(env, &pairs, false);
}

int environment_refresh(int root, struct environment *env, struct err *e)
{
	AUTO_BUF pairs = { .limit = ENVIRONMENT_MAX };
	int r = collect_both(root, &pairs, e);

	if (r < 0)
		return r;
	drop(env);
	take(env, &pairs, true);
	return 0;
}
