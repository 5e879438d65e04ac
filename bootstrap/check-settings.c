#include <string.h>

#include "bootstrap/checks.h"
#include "bootstrap/settings.h"
#include "common/keyval.h"
#include "common/parse.h"

static struct view first_word(struct view v)
{
	return view_cut(&v, ' ');
}

/* NAME=VALUE as the agent's reader and systemd's read it: where they differ, or both see something else than was meant. */
static void check_pair(struct check *c, const struct part *p, const struct keyval *kv)
{
	struct view key = view_trim(kv->key);
	char first = kv->value.len > 0 ? kv->value.p[0] : '\0';

	if (view_is(first_word(key), "export") || view_is(first_word(key), "set"))
		remark_add(&c->found, REMARK_EXPORT, spot_in(p, kv->line, 1), "'%.*s' before a name", VIEW_ARG(first_word(key), 10));
	else if (is_identifier(key) && (key.len != kv->key.len || first == ' ' || first == '\t'))
		remark_add(&c->found, key.len != kv->key.len ? REMARK_BLANK_IN_NAME : REMARK_BLANK_AT_EQUALS,
			   spot_in(p, kv->line, (unsigned) kv->key.len + 1), "there is a blank beside the '='");
	else if (kv->value.len > 1 && (first == '"' || first == '\'') && kv->value.p[kv->value.len - 1] == first)
		remark_add(&c->found, REMARK_QUOTES, spot_in(p, kv->line, (unsigned) kv->key.len + 2), "the value is in quotes");
}

static void check_pairs(struct check *c, const struct part *p)
{
	struct view rest = p->body;
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&rest, &kv)) != KEYVAL_END)
		if (kind == KEYVAL_PAIR || kind == KEYVAL_BAD_NAME)
			check_pair(c, p, &kv);
}

static const struct part *part_of(const struct check *c, unsigned number)
{
	return number > 0 && number <= c->u->n_parts ? &c->u->parts[number - 1] : NULL;
}

/* Of the same line something better was said already. */
static bool is_said(const struct check *c, struct spot at)
{
	for (size_t i = 0; i < c->found.n; i++)
		if (c->found.list[i].at.line == at.line && c->found.list[i].at.inner == at.inner &&
		    (c->found.list[i].id == REMARK_EXPORT || c->found.list[i].id == REMARK_BLANK_IN_NAME))
			return true;
	return false;
}

static void take_finding(struct check *c, const struct finding *f)
{
	const struct part *p = part_of(c, f->part);
	struct spot at = { .part = f->part, .line = p ? p->line : 0 };

	if (p && f->at.line > 0)
		at = spot_in(p, f->at.line, f->at.column);
	if (!is_said(c, at))
		remark_add(&c->found, f->is_error ? REMARK_SETTING : REMARK_SETTING_ODD, at, "%s%s%s", f->path, f->path[0] ? ": " : "", f->text);
}

void check_settings(struct check *c)
{
	AUTO_SETTINGS s = { .doc = NULL };
	struct err e;
	int r = 0;

	for (size_t i = 0; i < c->u->n_parts; i++) {
		const struct part *p = &c->u->parts[i];

		if (p->kind == PART_ENV) {
			check_pairs(c, p);
			r = settings_add_env(&s, p->number, p->body, &e) < 0 ? -1 : r;
		} else if (p->kind == PART_JSON) {
			r = settings_add_json(&s, p->number, p->body, &e) < 0 ? -1 : r;
		}
	}
	if (settings_finish(&s, &e) < 0)
		r = -1;
	for (size_t i = 0; i < s.findings.n; i++)
		take_finding(c, &s.findings.list[i]);
	if (r < 0 && s.findings.errors == 0)
		remark_add(&c->found, REMARK_SETTING, (struct spot) { .line = 0 }, "%.300s", e.text);
}
