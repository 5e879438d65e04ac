#include <stdio.h>

#include "bootstrap/config-steps.h"
#include "common/clock.h"
#include "common/paths.h"
#include "common/steps.h"

enum { CAUSE_SIZE = STEP_CAUSE_SIZE };

void config_steps_begin(int root)
{
	step_note(root, STEP_USER_DATA, STEP_RUNNING, clock_ms(), "asking the instance metadata");
}

static void note_reading(int root, const struct config_report *r, const struct err *why)
{
	bool fell_back = r->fetched.imds.code != 0;
	char cause[CAUSE_SIZE];

	if (r->read_ms == 0) {
		step_note_ended(root, STEP_USER_DATA, STEP_FAILED, r->begin_ms, clock_ms(), why->text);
		return;
	}
	if (r->off)
		snprintf(cause, sizeof cause, "%.400s and there is no '%s'", r->fetched.imds.text, PATH_CLOUD_COPY);
	else
		snprintf(cause, sizeof cause, "%.100s: %u of %u part%s for ecs-bootstrap%s%.300s", r->fetched.from, r->ours, r->parts,
			 r->parts == 1 ? "" : "s", fell_back ? "; " : "", fell_back ? r->fetched.imds.text : "");
	step_note_ended(root, STEP_USER_DATA, r->off ? STEP_SKIPPED : fell_back ? STEP_WARNED : STEP_DONE, r->begin_ms, r->read_ms, cause);
}

static void note_writing(int root, const struct config_report *r, int result, const struct err *why)
{
	char cause[CAUSE_SIZE] = "";

	if (r->read_ms == 0 || r->off) {
		step_forget(root, STEP_ECS_CONFIG);
		return;
	}
	if (result >= 0)
		snprintf(cause, sizeof cause, "%u setting%s, %s", r->lines, r->lines == 1 ? "" : "s", r->written ? "written" : "as it was");
	step_note_ended(root, STEP_ECS_CONFIG, result < 0 ? STEP_FAILED : r->lines == 0 && !r->written ? STEP_SKIPPED : STEP_DONE, r->read_ms,
			result < 0 ? clock_ms() : r->written_ms, result < 0 ? why->text : cause);
}

/* A section of which the document says nothing, and of which nothing was left from an earlier boot, is no step. */
static void note_section(int root, const struct section_report *s)
{
	enum step_result result = s->outcome < 0 ? STEP_FAILED : s->outcome == APPLY_WARNED ? STEP_WARNED : STEP_DONE;
	const char *cause = s->outcome < 0 || s->outcome == APPLY_NOTED || s->outcome == APPLY_WARNED ? s->e.text : "";
	char name[STEP_NAME_SIZE];

	snprintf(name, sizeof name, STEP_SETTING "%s", s->key);
	if (s->outcome == APPLY_SAME)
		cause = "as it was";
	else if (!s->asked && result == STEP_DONE)
		cause = "taken away";
	if (!s->asked && s->outcome == APPLY_SAME)
		step_forget(root, name);
	else
		step_note_ended(root, name, result, s->begin_ms, s->end_ms, cause);
}

void config_steps_end(int root, const struct config_report *r, int result, const struct err *why)
{
	note_reading(root, r, why);
	note_writing(root, r, result, why);
	for (size_t i = 0; i < r->n_sections; i++)
		note_section(root, &r->sections[i]);
}
