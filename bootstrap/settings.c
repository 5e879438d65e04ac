#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/known.h"
#include "bootstrap/merge.h"
#include "bootstrap/settings-table.h"
#include "bootstrap/settings.h"
#include "common/keyval.h"

static void forget_parts(struct settings *s)
{
	for (size_t i = 0; i < s->n_parts; i++)
		json_putp(&s->parts[i].doc);
	free(s->parts);
	s->parts = NULL;
	s->n_parts = 0;
}

void settings_done(struct settings *s)
{
	json_putp(&s->doc);
	findings_done(&s->findings);
	forget_parts(s);
}

/* The first error since there were n findings and so many errors, and how many more there are. 0 if there is none. */
static int first_error(const struct findings *f, size_t n, unsigned errors, struct err *e)
{
	unsigned more = f->errors - errors;
	char rest[48];

	if (more == 0)
		return 0;
	while (n < f->n && !f->list[n].is_error)
		n++;
	if (n == f->n)
		return err_say(e, -EINVAL, "read settings: there are more than %d findings", FINDINGS_MAX);
	(void) finding_say(&f->list[n], e);
	if (more > 1 && strlen(e->text) + sizeof rest < sizeof e->text) {
		snprintf(rest, sizeof rest, "; and %u more error%s", more - 1, more == 2 ? "" : "s");
		strcat(e->text, rest);
	}
	return e->code;
}

static int merge(struct settings *s, unsigned number, struct json_object *doc, struct err *e)
{
	int r = merge_settings(&s->doc, doc);
	struct json_object *mounts = settings_section(s, "efs");

	if (r == 0 && mounts && json_object_array_length(mounts) > SETTINGS_EFS_MAX)
		return err_say(e, -EINVAL, "merge part %u: efs: all parts together have more than %d entries", number, SETTINGS_EFS_MAX);
	return r < 0 ? err_set(e, r, "merge part %u", number) : 0;
}

static int keep_part(struct settings *s, const struct settings_part *p)
{
	struct settings_part *parts = reallocarray(s->parts, s->n_parts + 1, sizeof *parts);

	if (!parts)
		return -ENOMEM;
	s->parts = parts;
	parts[s->n_parts] = *p;
	parts[s->n_parts++].doc = json_object_get(p->doc);
	return 0;
}

struct duplicates {
	struct findings *out;
	unsigned         part;
};

/* json-c keeps the last without a word. */
static void add_duplicate(void *ctx, const struct json_path *path, struct json_place first, struct json_place again)
{
	struct duplicates *d = ctx;
	struct finding at = { .is_error = true, .part = d->part, .at = again };

	json_path_text(path, at.path, sizeof at.path);
	findings_add(d->out, &at, "this key stands in line %u, column %u already; leave one of the two", first.line, first.column);
}

int settings_add_json(struct settings *s, unsigned number, struct view text, struct err *e)
{
	AUTO_JSON *doc = NULL;
	struct finding syntax = { .is_error = true, .part = number };
	struct settings_part part = { .number = number, .text = text };
	struct walk w = { .parts = &part, .n_parts = 1, .out = &s->findings };
	size_t n = s->findings.n;
	unsigned errors = s->findings.errors;
	int r;

	if (json_parse(text, &doc, &syntax.at, e) < 0) {
		findings_add(&s->findings, &syntax, "%s", e->text);
		return first_error(&s->findings, n, errors, e);
	}
	part.doc = doc;
	walk_document(&w, doc);
	if (json_duplicates(text, add_duplicate, &(struct duplicates) { &s->findings, number }) < 0)
		return err_set(e, -ENOMEM, "read part %u", number);
	r = first_error(&s->findings, n, errors, e);
	if (r < 0)
		return r;
	r = keep_part(s, &part);
	return r < 0 ? err_set(e, r, "read part %u", number) : merge(s, number, doc, e);
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

/* What is wrong with a line; NULL: nothing. */
static const char *line_fault(enum keyval_kind kind, const struct keyval *kv)
{
	if (kind == KEYVAL_NO_EQUALS)
		return "there is no '='; write NAME=VALUE or start a comment with '#'";
	if (kind == KEYVAL_BAD_NAME)
		return "what stands before '=' cannot be a variable's name (no blanks, no 'export')";
	return kind == KEYVAL_PAIR && has_control(kv->value) ? "the value holds a control character" : NULL;
}

static void look_at_name(struct findings *out, struct finding *at, struct view key)
{
	char text[160];

	snprintf(at->path, sizeof at->path, "%.*s", VIEW_ARG(key, sizeof at->path - 1));
	if (!findings_full(out) && !known_agent_name(at->path))
		findings_add(out, at, "%s", unknown_agent_name(at->path, text, sizeof text));
}

static int fill_agent(struct settings *s, struct json_object *agent, unsigned number, struct view text, struct err *e)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		const char *fault = line_fault(kind, &kv);
		struct finding at = { .is_error = fault, .part = number, .at = { kv.line, 0 } };
		int r;

		if (fault)
			findings_add(&s->findings, &at, "%s", fault);
		if (fault || kind != KEYVAL_PAIR)
			continue;
		look_at_name(&s->findings, &at, kv.key);
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
	size_t n = s->findings.n;
	unsigned errors = s->findings.errors;
	int r;

	if (!doc || !agent || json_object_object_add(doc, "agent", agent) < 0) {
		json_object_put(agent);
		return err_set(e, -ENOMEM, "read part %u", number);
	}
	r = fill_agent(s, agent, number, text, e);
	if (r == 0)
		r = first_error(&s->findings, n, errors, e);
	return r < 0 ? r : merge(s, number, doc, e);
}

int settings_finish(struct settings *s, struct err *e)
{
	struct walk w = { .parts = s->parts, .n_parts = s->n_parts, .merged = s->doc, .out = &s->findings };
	size_t n = s->findings.n;
	unsigned errors = s->findings.errors;

	if (s->doc)
		walk_merged(&w);
	forget_parts(s);
	return first_error(&s->findings, n, errors, e);
}

struct json_object *settings_section(const struct settings *s, const char *key)
{
	struct json_object *value = NULL;

	return s->doc && json_object_object_get_ex(s->doc, key, &value) ? value : NULL;
}

struct json_object *settings_agent(struct settings *s)
{
	struct json_object *agent = settings_section(s, "agent");

	if (agent)
		return agent;
	if (!s->doc && !(s->doc = json_object_new_object()))
		return NULL;
	agent = json_object_new_object();
	if (agent && json_object_object_add(s->doc, "agent", agent) < 0) {
		json_object_put(agent);
		return NULL;
	}
	return agent;
}

int settings_each_agent(const struct settings *s, setting_fn *fn, void *ctx)
{
	struct json_object *agent = settings_section(s, "agent");

	if (!agent)
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

