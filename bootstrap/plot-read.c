#include <errno.h>
#include <string.h>

#include "bootstrap/plot.h"
#include "common/json.h"

enum { NO_TIME = 0, TIME_IS_BAD = -1, TIME_IS_GOOD = 1 };

/* A month: no boot takes longer, and sums do not overflow. */
static const int64_t longest_ms = INT64_C(31) * 24 * 3600 * 1000;

/* As status writes them; the words themselves live on. */
static const char *word_of(const char *text)
{
	static const char *const others[] = { "interrupted", "unknown" };

	for (int i = 0; text && i < STEP_RESULTS; i++)
		if (strcmp(text, step_word((enum step_result) i)) == 0)
			return step_word((enum step_result) i);
	return text && strcmp(text, others[0]) == 0 ? others[0] : others[1];
}

static int time_of(struct json_object *o, const char *key, long *ret)
{
	struct json_object *value;
	int64_t n;

	if (json_get(o, json_type_int, &value, key, NULL) < 0)
		return NO_TIME;
	n = json_object_get_int64(value);
	if (n < 0 || n > longest_ms)
		return TIME_IS_BAD;
	*ret = (long) n;
	return TIME_IS_GOOD;
}

static int read_step(struct json_object *o, struct status *s, struct err *e)
{
	const char *name = json_text(o, "step", NULL), *result = word_of(json_text(o, "result", NULL)), *cause = json_text(o, "cause", NULL);
	long began = 0, took = 0;
	int timed = time_of(o, "beganMs", &began), lasted = time_of(o, "tookMs", &took);
	struct status_row *row;

	if (!name || timed == TIME_IS_BAD || lasted == TIME_IS_BAD)
		return err_say(e, -EBADMSG, "a step has no name, or began or lasted impossibly");
	if (timed == NO_TIME || lasted == NO_TIME || !(row = status_add(s, view_of(name), result, view_of(cause ? cause : ""))))
		return 0;
	row->timed = true;
	row->began_ms = began;
	row->took_ms = took;
	row->bad = row->bad || strcmp(result, "interrupted") == 0;
	return 0;
}

int plot_read(struct view text, struct status *s, struct err *e)
{
	AUTO_JSON *o = NULL;
	struct json_object *steps;
	struct json_place at;
	int r = json_parse(text, &o, &at, e);

	if (r < 0)
		return err_wrap(e, "read steps: line %u", at.line);
	if (json_get(o, json_type_array, &steps, "steps", NULL) < 0)
		return err_say(e, -EBADMSG, "read steps: this is not what 'ecs-bootstrap status --json' prints");
	for (size_t i = 0; i < json_object_array_length(steps) && r == 0; i++)
		r = read_step(json_object_array_get_idx(steps, i), s, e);
	s->n_recorded = s->n_rows;
	return r < 0 ? err_wrap(e, "read steps") : 0;
}
