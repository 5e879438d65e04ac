#include <errno.h>

#include "common/json.h"
#include "tests/unit/test.h"

static void test_places(void **state)
{
	static const struct {
		const char *text;
		unsigned    line, column;
	} cases[] = {
		{ "{\"a\":1,\n \"b\":]}", 2, 6 }, { "{\"a\":1} x", 1, 9 }, { "{\"a\":1", 1, 7 }, { "", 1, 1 }, { "{\"a\":1,}", 1, 8 }, { "{\"a\":'x'}", 1, 6 }, { "{} // x", 1, 4 },
		{ "{\"a\":1}\n\n{}", 3, 1 }, { "{\"a\":\"\xff\"}", 1, 7 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *o = NULL;
		struct json_place at;
		struct err e;

		assert_int_equal(json_parse(view_of(cases[i].text), &o, &at, &e), -EBADMSG);
		assert_null(o);
		assert_int_equal(at.line, cases[i].line);
		assert_int_equal(at.column, cases[i].column);
	}
}

static void test_depth_has_a_limit(void **state)
{
	char text[4096];
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err e;

	(void) state;
	memset(text, '[', sizeof text);
	assert_int_equal(json_parse((struct view) { text, sizeof text }, &o, &at, &e), -EBADMSG);
}

static void test_values(void **state)
{
	AUTO_JSON *o = test_json("{\"State\":{\"Running\":true,\"Name\":\"x\"},\"n\":7}");
	AUTO_JSON *number = test_json("12");
	struct json_object *v = NULL;

	(void) state;
	assert_int_equal(json_get(o, json_type_boolean, &v, "State", "Running", NULL), 0);
	assert_int_equal(json_get(o, json_type_string, &v, "State", "Running", NULL), -EBADMSG);
	assert_int_equal(json_get(o, json_type_string, &v, "State", "No", "Deeper", NULL), -ENOENT);
	assert_int_equal(json_get(o, json_type_string, &v, "n", "Deeper", NULL), -ENOENT);
	assert_string_equal(json_text(o, "State", "Name", NULL), "x");
	assert_null(json_text(o, "n", NULL));
	assert_null(json_text(NULL, "n", NULL));
	assert_int_equal(json_object_get_int(number), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_places), TEST(test_depth_has_a_limit), TEST(test_values) };

	return RUN("json", tests);
}
