#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/show-json.h"
#include "bootstrap/status-show.h"

enum { NAME_WIDTH_MAX = 40, DURATION_SIZE = 32 };

/* ---- the table */

static void duration(long ms, char ret[DURATION_SIZE])
{
	if (ms < 10000)
		snprintf(ret, DURATION_SIZE, "%ld ms", ms);
	else
		snprintf(ret, DURATION_SIZE, "%ld.%ld s", ms / 1000, ms % 1000 / 100);
}

static int width_of(const struct status *s)
{
	size_t width = 4;

	for (size_t i = 0; i < s->n_rows; i++)
		width = strlen(s->rows[i].name) > width ? strlen(s->rows[i].name) : width;
	for (size_t i = 0; i < s->n_units; i++)
		width = strlen(s->units[i].name) > width ? strlen(s->units[i].name) : width;
	return width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : (int) width;
}

static int add_row(const struct status_row *row, int width, struct buf *b)
{
	char when[DURATION_SIZE] = "", took[DURATION_SIZE] = "";

	if (row->timed) {
		snprintf(when, sizeof when, "%ld.%03ld s", row->began_ms / 1000, row->began_ms % 1000);
		duration(row->took_ms, took);
	}
	return buf_printf(b, "%-*s  %-11s  %12s  %9s%s%s\n", width, row->name, row->result, when, took, row->cause[0] ? "  " : "", row->cause);
}

static int add_unit(const struct status_unit *u, int width, struct buf *b)
{
	bool told = u->result[0] && strcmp(u->result, "success") != 0;
	int r = buf_printf(b, "%-*s  %s/%s", width, u->name, u->active, u->sub);

	if (r == 0 && told)
		r = buf_printf(b, " (%s)", u->result);
	if (r == 0 && u->says[0])
		r = buf_printf(b, "  %s", u->says);
	return r < 0 ? r : buf_add(b, "\n", 1);
}

static int add_units(const struct status *s, int width, struct buf *b)
{
	int r = s->n_units > 0 ? buf_printf(b, "\n%-*s  STATE\n", width, "UNIT") : 0;

	for (size_t i = 0; i < s->n_units && r == 0; i++)
		r = add_unit(&s->units[i], width, b);
	return r;
}

static int add_facts(const struct status *s, struct buf *b)
{
	static const char *const rules[] = {
		[STATUS_RULES_SAME] = "as they should be, by ", [STATUS_RULES_DIFFER] = "not as they should be: ", [STATUS_RULES_UNKNOWN] = "cannot be looked at: ",
	};
	int r = 0;

	if (s->live)
		r = buf_printf(b, "\n");
	if (r == 0 && s->rules != STATUS_RULES_UNASKED)
		r = buf_printf(b, "rules: %s%s\n", rules[s->rules], s->rules_say);
	if (r == 0 && s->registered)
		r = buf_printf(b, "registered in cluster '%s' as %s\n", s->agent.cluster, s->agent.instance);
	else if (r == 0 && s->live)
		r = buf_printf(b, "the agent has not registered\n");
	if (r == 0 && s->hint[0])
		r = buf_printf(b, "%s\n", s->hint);
	if (r == 0 && s->partial)
		r = buf_printf(b, "more is shown to root\n");
	return r;
}

int status_table(const struct status *s, struct buf *b)
{
	int width = width_of(s), r;

	if (s->n_rows > 0)
		r = buf_printf(b, "%-*s  %-11s  %12s  %9s  CAUSE\n", width, "STEP", "RESULT", "AT", "TOOK");
	else
		r = buf_printf(b, "no step of this boot is written down\n");
	for (size_t i = 0; i < s->n_rows && r == 0; i++)
		r = add_row(&s->rows[i], width, b);
	if (r == 0)
		r = add_units(s, width, b);
	return r < 0 ? r : add_facts(s, b);
}

/* ---- JSON */

static int maybe(struct json_object *o, const char *key, const char *text)
{
	return text[0] ? show_text(o, key, view_of(text)) : 0;
}

static int row_json(const struct status_row *row, struct json_object *o)
{
	int r = o ? show_text(o, "step", view_of(row->name)) : -ENOMEM;

	if (r == 0)
		r = show_text(o, "result", view_of(row->result));
	if (r == 0 && row->timed)
		r = show_number(o, "beganMs", (size_t) row->began_ms);
	if (r == 0 && row->timed)
		r = show_number(o, "tookMs", (size_t) row->took_ms);
	return r < 0 ? r : maybe(o, "cause", row->cause);
}

static int unit_json(const struct status_unit *u, struct json_object *o)
{
	int r = o ? show_text(o, "unit", view_of(u->name)) : -ENOMEM;

	if (r == 0)
		r = show_text(o, "active", view_of(u->active));
	if (r == 0)
		r = maybe(o, "sub", u->sub);
	if (r == 0)
		r = maybe(o, "result", u->result);
	return r < 0 ? r : maybe(o, "says", u->says);
}

static int lists_json(const struct status *s, struct json_object *o)
{
	struct json_object *steps = show_list(o, "steps"), *units = steps ? show_list(o, "units") : NULL;
	int r = units ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->n_rows && r == 0; i++)
		r = row_json(&s->rows[i], show_element(steps));
	for (size_t i = 0; i < s->n_units && r == 0; i++)
		r = unit_json(&s->units[i], show_element(units));
	return r;
}

static int facts_json(const struct status *s, struct json_object *o)
{
	static const char *const rules[] = { [STATUS_RULES_SAME] = "same", [STATUS_RULES_DIFFER] = "differ", [STATUS_RULES_UNKNOWN] = "unknown" };
	int r = 0;

	if (s->rules != STATUS_RULES_UNASKED) {
		r = show_text(o, "rules", view_of(rules[s->rules]));
		r = r < 0 ? r : maybe(o, "rulesSay", s->rules_say);
	}
	if (r == 0 && s->live)
		r = show_bool(o, "registered", s->registered);
	if (r == 0 && s->registered)
		r = show_text(o, "cluster", view_of(s->agent.cluster));
	if (r == 0 && s->registered)
		r = show_text(o, "containerInstanceArn", view_of(s->agent.instance));
	if (r == 0)
		r = maybe(o, "eniTrunking", s->hint);
	return r < 0 || !s->partial ? r : show_bool(o, "partial", true);
}

int status_json(const struct status *s, struct buf *b)
{
	AUTO_JSON *o = json_object_new_object();
	int r = o ? show_bool(o, "fine", status_is_fine(s)) : -ENOMEM;

	if (r == 0)
		r = maybe(o, "bootId", s->boot);
	if (r == 0)
		r = lists_json(s, o);
	if (r == 0)
		r = facts_json(s, o);
	return r < 0 ? r : show_document(o, b);
}
