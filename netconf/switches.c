#include <stddef.h>

#include "common/file.h"
#include "common/keyval.h"
#include "common/parse.h"
#include "common/paths.h"
#include "netconf/switches.h"

/* The first one that has a key decides. */
static const char *const files[] = { PATH_ECS_CONFIG, PATH_INSTANCE_CONFIG };

static const struct onoff {
	const char *key;
	size_t      field; /* offset of a bool in struct netconf */
} switches[] = {
	{ "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER", offsetof(struct netconf, skip_localhost_filter) },
	{ "ECS_ALLOW_OFFHOST_INTROSPECTION_ACCESS", offsetof(struct netconf, allow_offhost_introspection) },
};

struct texts {
	struct buf of[ARRAY_LEN(files)];
};

static void texts_done(struct texts *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->of); i++)
		buf_done(&t->of[i]);
}

struct source {
	const char *name; /* of a file, or "the environment" */
	struct view value;
};

static bool find(const struct texts *texts, switches_env *env, const char *key, struct source *ret)
{
	const char *value = env(key);

	if (value) {
		*ret = (struct source) { "the environment", view_of(value) };
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		ret->name = files[i];
		if (keyval_find(buf_view(&texts->of[i]), key, &ret->value))
			return true;
	}
	return false;
}

/* ECS_…="true": the quotes are systemd's and the shell's way to write it. */
static struct view unquote(struct view v)
{
	if (v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0])
		return (struct view) { v.p + 1, v.len - 2 };
	return v;
}

static int set_one(const struct onoff *s, const struct texts *texts, switches_env *env, struct netconf *nc,
		   struct buf *warnings)
{
	struct source from;
	bool on = false;
	int r = 0;

	if (find(texts, env, s->key, &from)) {
		from.value = unquote(view_trim(from.value));
		if (from.value.len > 0 && parse_bool(from.value, &on) < 0)
			r = buf_printf(warnings, "read %s in %s: '%.*s' is neither true nor false; taken as false\n",
				       s->key, from.name, VIEW_ARG(from.value, (size_t) 64));
	}
	*(bool *) ((char *) nc + s->field) = on;
	return r;
}

int switches_load(int root, switches_env *env, struct netconf *nc, struct buf *warnings, struct err *e)
{
	CLEANUP(texts_done) struct texts texts = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(files); i++) {
		struct err why;

		if (file_read(root, files[i], CONFIG_FILE_MAX, &texts.of[i], &why) < 0) {
			buf_clear(&texts.of[i]);
			r = buf_printf(warnings, "%s; going on without it\n", why.text);
		}
	}
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(switches); i++)
		r = set_one(&switches[i], &texts, env, nc, warnings);
	return r < 0 ? err_set(e, r, "read switches") : 0;
}
