#include "bootstrap/locate.h"
#include "tests/unit/test.h"

#define KEY(k)   { .key = (k) }
#define INDEX(i) { .index = (i) }

static void assert_at(const char *text, struct json_path path, enum locate what, unsigned line, unsigned column)
{
	struct json_place at = { 0, 0 };

	assert_true(json_locate(view_of(text), &path, what, &at));
	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
}

static void test_places(void **state)
{
	static const char text[] = " {\n\t\"a\" : [1,\r\n {\"b\\\"}\": \"x]\\\\\", \"c\":\n-1.5e3} , []],\n\"\\u0064\":null}";

	(void) state;
	assert_at(text, (struct json_path) { .n = 0 }, LOCATE_VALUE, 1, 2);
	assert_at(text, (struct json_path) { { KEY("a") }, 1 }, LOCATE_KEY, 2, 2);
	assert_at(text, (struct json_path) { { KEY("a") }, 1 }, LOCATE_VALUE, 2, 8);
	assert_at(text, (struct json_path) { { KEY("a"), INDEX(0) }, 2 }, LOCATE_VALUE, 2, 9);
	assert_at(text, (struct json_path) { { KEY("a"), INDEX(1) }, 2 }, LOCATE_KEY, 3, 2);
	assert_at(text, (struct json_path) { { KEY("a"), INDEX(1), KEY("b\"}") }, 3 }, LOCATE_VALUE, 3, 11);
	assert_at(text, (struct json_path) { { KEY("a"), INDEX(1), KEY("c") }, 3 }, LOCATE_VALUE, 4, 1);
	assert_at(text, (struct json_path) { { KEY("a"), INDEX(2) }, 2 }, LOCATE_VALUE, 4, 11);
	assert_at(text, (struct json_path) { { KEY("d") }, 1 }, LOCATE_KEY, 5, 1);
}

static void test_of_two_keys_the_last_counts(void **state)
{
	(void) state;
	assert_at("{\"a\":{\"b\":1},\"a\":2}", (struct json_path) { { KEY("a") }, 1 }, LOCATE_VALUE, 1, 18);
}

static void test_what_is_not_there(void **state)
{
	static const struct {
		const char      *text;
		struct json_path path;
	} cases[] = {
		{ "{}", { { KEY("a") }, 1 } },         { "[]", { { INDEX(0) }, 1 } },       { "[1]", { { INDEX(1) }, 1 } },
		{ "{\"a\":[]}", { { KEY("a"), INDEX(1) }, 2 } }, { "1", { { KEY("a") }, 1 } }, { "", { { KEY("a") }, 1 } },
		{ "{\"a", { { KEY("a") }, 1 } },       { "{\"a\"}", { { KEY("a") }, 1 } },  { "[1,", { { INDEX(1) }, 1 } },
		{ "{\"b\":[{}],\"c\"", { { KEY("a") }, 1 } },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_place at;

		if (json_locate(view_of(cases[i].text), &cases[i].path, LOCATE_VALUE, &at))
			fail_msg("found in '%s'", cases[i].text);
	}
}

static void test_path_text(void **state)
{
	struct json_path path = { { KEY("efs"), INDEX(12), KEY("a-b_C"), KEY("A B"), KEY("") }, 5 };
	char text[64], little[8];

	(void) state;
	assert_string_equal(json_path_text(&path, text, sizeof text), "efs[12].a-b_C[\"A B\"][\"\"]");
	assert_string_equal(json_path_text(&path, little, sizeof little), "efs[12]");
	assert_string_equal(json_path_text(&(struct json_path) { .n = 0 }, text, sizeof text), "");
}

static void note_duplicate(void *ctx, const struct json_path *path, struct json_place first, struct json_place again)
{
	char text[128];

	assert_int_equal(buf_printf(ctx, "%s %u:%u %u:%u\n", json_path_text(path, text, sizeof text), first.line, first.column, again.line, again.column), 0);
}

static void test_duplicates(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{}", "" },
		{ "[1, \"a\", null, {\"a\": [], \"b\": {}}]", "" },
		{ "{\"a\": {\"x\": 1}, \"b\": {\"x\": 2}, \"x\": 3}", "" },
		{ "{\"a\": \"a\", \"b\": \"{\\\"a\\\": 1}\"}", "" },
		{ "{\"a\": 1,\n \"b\": 2,\n  \"a\": 3, \"a\": 4}", "a 1:2 3:3\na 1:2 3:11\n" },
		{ "{\"\\u0061\": 1, \"a\": 2}", "a 1:2 1:15\n" },
		{ "{\"l\": [1, {\"k\": 1, \"k\": [2]}, {\"k\": 1}]}", "l[1].k 1:12 1:20\n" },
		{ "{\"a\": {\"b\": 1}, \"a\": {\"b\": 1, \"b\": 2}}", "a 1:2 1:17\na.b 1:23 1:31\n" },
		{ "[[[[[[[{\"a\":1,\"a\":2}]]]]]]]", "[0][0][0][0][0][0][0].a 1:9 1:15\n" },
		{ "[[[[[[[[{\"a\":1,\"a\":2}]]]]]]]]", "" }, /* deeper than any setting */
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF got = { 0 };

		assert_int_equal(json_duplicates(view_of(cases[i].text), note_duplicate, &got), 0);
		assert_string_equal(got.p ? got.p : "", cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_duplicates),
		TEST(test_places), TEST(test_of_two_keys_the_last_counts), TEST(test_what_is_not_there), TEST(test_path_text),
	};

	return RUN("settings-locate", tests);
}
