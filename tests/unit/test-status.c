/* `status` without a host: rows from records, systemd's words about units, the table and the JSON. */
#include "bootstrap/status-host.h"
#include "bootstrap/status-show.h"
#include "tests/unit/test.h"

static struct status s;

static const struct status_row *row_of(enum step_result result, bool alive, const char *boot)
{
	static struct status_row row;
	struct step step = { .name = "image", .result = result, .begin_ms = 100, .end_ms = result > STEP_WAITING ? 130 : 0, .cause = "so" };

	snprintf(step.boot, sizeof step.boot, "%s", boot);
	return status_row_of(&step, "now", alive, 400, &row) ? &row : NULL;
}

static void test_rows(void **state)
{
	static const struct {
		enum step_result result;
		bool             alive;
		const char      *word;
		bool             bad;
		long             took;
	} cases[] = {
		{ STEP_RUNNING, true, "running", false, 300 }, { STEP_RUNNING, false, "interrupted", true, 0 },
		{ STEP_WAITING, true, "waiting", false, 300 }, { STEP_WAITING, false, "interrupted", true, 0 },
		{ STEP_DONE, false, "done", false, 30 },       { STEP_SKIPPED, false, "skipped", false, 30 },
		{ STEP_WARNED, false, "warned", false, 30 },   { STEP_FAILED, true, "failed", true, 30 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct status_row *row = row_of(cases[i].result, cases[i].alive, "now");

		assert_non_null(row);
		assert_string_equal(row->result, cases[i].word);
		assert_int_equal(row->bad, cases[i].bad);
		assert_int_equal(row->began_ms, 100);
		assert_int_equal(row->took_ms, cases[i].took);
	}
	assert_null(row_of(STEP_DONE, true, "before"));
	assert_non_null(row_of(STEP_DONE, true, ""));
}

static const char *cleaned(const char *text, size_t size)
{
	static char to[64];

	status_clean(view_of(text), to, size);
	return to;
}

static void test_clean(void **state)
{
	(void) state;
	assert_string_equal(cleaned("a\x1b[31m\nb\x7f", 64), "a [31m b ");
	assert_string_equal(cleaned("\xc3\xa4\xc2\x9b" "3\xff\xc3", 64), "\xc3\xa4 3??");
	assert_string_equal(cleaned("ab\xc3\xa4", 5), "ab\xc3\xa4");
	assert_string_equal(cleaned("ab\xc3\xa4", 4), "ab"); /* no half character */
	assert_string_equal(cleaned("abc", 1), "");
}

static void test_units(void **state)
{
	(void) state;
	s = (struct status) { .n_units = 0 };
	status_read_units(view_of("Result=success\nId=ecs.service\nLoadState=loaded\nActiveState=activating\nSubState=start-pre\n"
				  "StatusText=Waiting for Docker: a = b\n\nId=docker.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n\n"
				  "garbage\n\nId=x\n\nId=ecs-packages.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n"),
			  &s);
	assert_int_equal(s.n_units, 3);
	assert_string_equal(s.units[0].says, "Waiting for Docker: a = b");
	assert_false(s.units[0].bad);
	assert_string_equal(s.units[1].sub, "not-found");
	assert_true(s.units[2].bad);
	for (int i = 0; i < 50; i++) /* more than there is place for */
		status_read_units(view_of("Id=a\nActiveState=active\n"), &s);
	assert_int_equal(s.n_units, STATUS_UNITS_MAX);
}

static void test_fine(void **state)
{
	(void) state;
	s = (struct status) { .n_rows = 0 };
	assert_false(status_is_fine(&s)); /* a boot that left no record */
	s.n_recorded = 1;
	(void) status_add(&s, view_of("a"), step_word(STEP_DONE), view_of(""));
	assert_true(status_is_fine(&s));
	s.rules = STATUS_RULES_UNKNOWN;
	assert_true(status_is_fine(&s));
	s.rules = STATUS_RULES_DIFFER;
	assert_false(status_is_fine(&s));
	s.rules = STATUS_RULES_SAME;
	(void) status_add(&s, view_of("b"), step_word(STEP_FAILED), view_of(""));
	assert_false(status_is_fine(&s));
}

static void test_many_rows(void **state)
{
	(void) state;
	s = (struct status) { .n_rows = 0 };
	for (int i = 0; i < 2 * STATUS_ROWS_MAX; i++)
		assert_int_equal(status_add(&s, view_of("a"), "done", view_of("")) != NULL, i < STATUS_ROWS_MAX);
}

static void fill(void)
{
	s = (struct status) { .boot = "b1", .n_recorded = 2, .live = true, .registered = true, .rules = STATUS_RULES_SAME, .rules_say = "iptables", .partial = true };
	s.rows[0] = (struct status_row) { .name = "image", .result = "done", .timed = true, .began_ms = 3412, .took_ms = 143, .cause = "loaded" };
	s.rows[1] = (struct status_row) { .name = "setting.swap", .result = "failed", .bad = true, .timed = true, .began_ms = 61000, .took_ms = 12345, .cause = "no \"place\"" };
	s.n_rows = 2;
	s.units[0] = (struct status_unit) { .name = "ecs.service", .active = "failed", .sub = "failed", .result = "exit-code", .says = "x", .bad = true };
	s.n_units = 1;
	snprintf(s.agent.cluster, sizeof s.agent.cluster, "blue");
	snprintf(s.agent.instance, sizeof s.agent.instance, "arn:x");
	snprintf(s.hint, sizeof s.hint, "c5.large: 10 tasks with trunking, 2 without");
}

static void test_table(void **state)
{
	AUTO_BUF b = { 0 }, small = { .limit = 10 };

	(void) state;
	fill();
	assert_int_equal(status_table(&s, &b), 0);
	assert_string_equal(b.p, "STEP          RESULT                 AT       TOOK  CAUSE\n"
				 "image         done              3.412 s     143 ms  loaded\n"
				 "setting.swap  failed           61.000 s     12.3 s  no \"place\"\n"
				 "\nUNIT          STATE\n"
				 "ecs.service   failed/failed (exit-code)  x\n"
				 "\nrules: as they should be, by iptables\nregistered in cluster 'blue' as arn:x\n"
				 "c5.large: 10 tasks with trunking, 2 without\nmore is shown to root\n");
	buf_clear(&b);
	s = (struct status) { .n_rows = 0 };
	assert_int_equal(status_table(&s, &b), 0);
	assert_string_equal(b.p, "no step of this boot is written down\n");
	assert_true(status_table(&s, &small) < 0);
}

static void test_json_document(void **state)
{
	AUTO_BUF b = { 0 };
	AUTO_JSON *o = NULL;
	struct json_object *v;

	(void) state;
	fill();
	assert_int_equal(status_json(&s, &b), 0);
	o = test_json(b.p);
	assert_int_equal(json_get(o, json_type_boolean, &v, "fine", NULL), 0);
	assert_false(json_object_get_boolean(v));
	assert_int_equal(json_get(o, json_type_array, &v, "steps", NULL), 0);
	assert_int_equal(json_object_array_length(v), 2);
	assert_string_equal(json_text(json_object_array_get_idx(v, 1), "cause", NULL), "no \"place\"");
	assert_int_equal(json_get(json_object_array_get_idx(v, 1), json_type_int, &v, "tookMs", NULL), 0);
	assert_int_equal(json_object_get_int(v), 12345);
	assert_string_equal(json_text(o, "containerInstanceArn", NULL), "arn:x");
	assert_string_equal(json_text(o, "rules", NULL), "same");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows), TEST(test_clean), TEST(test_units), TEST(test_fine), TEST(test_many_rows), TEST(test_table), TEST(test_json_document),
	};

	return RUN("status", tests);
}
