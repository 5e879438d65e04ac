#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/merge.h"
#include "bootstrap/nearest.h"
#include "bootstrap/settings.h"
#include "common/keyval.h"
#include "common/parse.h"

/* Where a value stands, for messages. */
struct spot {
	unsigned    part;
	const char *path;
};

typedef int check_fn(struct spot at, struct json_object *value, struct err *e);

static int check_version(struct spot at, struct json_object *value, struct err *e)
{
	if (json_object_is_type(value, json_type_int) && json_object_get_int64(value) == SETTINGS_VERSION)
		return 0;
	return err_say(e, -EINVAL, "read part %u: %s: %s is not a version known here; the known one is %d", at.part, at.path,
		       json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), SETTINGS_VERSION);
}

/* A value becomes one line of ecs.config, which the agent, systemd and shells read: no line ends, no other controls. */
static int check_line(struct spot at, const char *name, struct json_object *value, struct err *e)
{
	const char *s = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
	size_t len = json_object_is_type(value, json_type_string) ? (size_t) json_object_get_string_len(value) : 0;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char) s[i] < 0x20 || s[i] == 0x7f)
			return err_say(e, -EINVAL, "read part %u: %s.%s: the value holds a line end or control character", at.part,
				       at.path, name);
	return 0;
}

static int check_agent(struct spot at, struct json_object *value, struct err *e)
{
	if (!json_object_is_type(value, json_type_object))
		return err_say(e, -EINVAL, "read part %u: %s: must be an object of NAME: value", at.part, at.path);
	json_object_object_foreach(value, name, member) {
		int r;

		if (!is_identifier(view_of(name)))
			return err_say(e, -EINVAL, "read part %u: %s: '%.60s' cannot be a variable's name", at.part, at.path, name);
		r = check_line(at, name, member, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The keys of a settings document. One without a check is part of the format but not acted on by this version. */
static const struct {
	const char *key;
	check_fn   *check;
} keys[] = {
	{ "version", check_version },
	{ "agent", check_agent },
	{ "agentConfigSource", NULL },
	{ "taskRoles", NULL },
	{ "eniTrunking", NULL },
	{ "spotDraining", NULL },
	{ "swap", NULL },
	{ "efs", NULL },
	{ "proxy", NULL },
	{ "docker", NULL },
	{ "packages", NULL },
	{ "startTasks", NULL },
};

static int check_member(unsigned part, const char *key, struct json_object *value, struct err *e)
{
	const char *meant;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].check && value ? keys[i].check((struct spot) { part, key }, value, e) : 0;
	meant = nearest_name(key, keys, ARRAY_LEN(keys), sizeof keys[0]);
	return err_say(e, -EINVAL, "read part %u: unknown key '%.60s'%s%s%s", part, key, meant ? "; did you mean '" : "",
		       meant ? meant : "", meant ? "'?" : "");
}

static int check_document(unsigned part, struct json_object *doc, struct err *e)
{
	struct json_object *version = NULL;

	if (!json_object_is_type(doc, json_type_object))
		return err_say(e, -EINVAL, "read part %u: a settings document must be a JSON object", part);
	if (!json_object_object_get_ex(doc, "version", &version) || !version)
		return err_say(e, -EINVAL, "read part %u: key 'version' is missing; write \"version\": %d", part, SETTINGS_VERSION);
	json_object_object_foreach(doc, key, value) {
		int r = check_member(part, key, value, e);

		if (r < 0)
			return r;
	}
	return 0;
}

void settings_done(struct settings *s)
{
	json_putp(&s->doc);
}

static int merge(struct settings *s, unsigned number, struct json_object *doc, struct err *e)
{
	int r = merge_patch(&s->doc, doc);

	return r < 0 ? err_set(e, r, "merge part %u", number) : 0;
}

int settings_add_json(struct settings *s, unsigned number, struct view text, struct err *e)
{
	AUTO_JSON *doc = NULL;
	struct json_place at;
	int r = json_parse(text, &doc, &at, e);

	if (r < 0)
		return err_wrap(e, "read part %u, line %u, column %u", number, at.line, at.column);
	r = check_document(number, doc, e);
	return r < 0 ? r : merge(s, number, doc, e);
}

static int bad_line(unsigned number, const struct keyval *kv, const char *why, struct err *e)
{
	return err_say(e, -EINVAL, "read part %u, line %u: %s", number, kv->line, why);
}

static int add_pair(struct json_object *agent, const struct keyval *kv)
{
	char name[256];
	struct json_object *value;

	if (kv->key.len >= sizeof name)
		return -ENAMETOOLONG;
	snprintf(name, sizeof name, "%.*s", VIEW_ARG(kv->key, sizeof name));
	value = json_object_new_string_len(kv->value.p, (int) kv->value.len);
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(agent, name, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (((unsigned char) v.p[i] < 0x20 && v.p[i] != '\t') || v.p[i] == 0x7f)
			return true;
	return false;
}

static int fill_agent(struct json_object *agent, unsigned number, struct view text, struct err *e)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		int r;

		if (kind == KEYVAL_BLANK || kind == KEYVAL_COMMENT)
			continue;
		if (kind == KEYVAL_NO_EQUALS)
			return bad_line(number, &kv, "there is no '='; write NAME=VALUE or start a comment with '#'", e);
		if (kind == KEYVAL_BAD_NAME)
			return bad_line(number, &kv, "what stands before '=' cannot be a variable's name (no blanks, no 'export')", e);
		if (has_control(kv.value))
			return bad_line(number, &kv, "the value holds a control character", e);
		r = add_pair(agent, &kv);
		if (r < 0)
			return err_set(e, r, "read part %u, line %u", number, kv.line);
	}
	return 0;
}

int settings_add_env(struct settings *s, unsigned number, struct view text, struct err *e)
{
	AUTO_JSON *doc = json_object_new_object();
	struct json_object *agent = json_object_new_object();
	int r;

	if (!doc || !agent || json_object_object_add(doc, "agent", agent) < 0) {
		json_object_put(agent);
		return err_set(e, -ENOMEM, "read part %u", number);
	}
	r = fill_agent(agent, number, text, e);
	return r < 0 ? r : merge(s, number, doc, e);
}

int settings_each_agent(const struct settings *s, setting_fn *fn, void *ctx)
{
	struct json_object *agent;

	if (!s->doc || json_get(s->doc, json_type_object, &agent, "agent", NULL) < 0)
		return 0;
	json_object_object_foreach(agent, name, value) {
		const char *text = json_object_is_type(value, json_type_string)
					   ? json_object_get_string(value)
					   : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		int r = fn(ctx, name, text);

		if (r < 0)
			return r;
	}
	return 0;
}

const char *settings_next_ignored(const struct settings *s, size_t *at)
{
	struct json_object *unused;

	for (; s->doc && *at < ARRAY_LEN(keys); (*at)++)
		if (!keys[*at].check && json_object_object_get_ex(s->doc, keys[*at].key, &unused))
			return keys[(*at)++].key;
	return NULL;
}
