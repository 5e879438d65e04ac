#include <errno.h>

#include "bootstrap/merge.h"
#include "bootstrap/nearest.h"
#include "bootstrap/render.h"
#include "bootstrap/settings.h"
#include "tests/unit/test.h"

static void assert_lines(const struct settings *s, const char *want)
{
	AUTO_BUF b = { 0 };
	unsigned n;

	assert_int_equal(render_agent(s, &b, &n), 0);
	assert_string_equal(b.p ? b.p : "", want);
}

static void add_json(struct settings *s, const char *text)
{
	struct err e = { .text = "" };

	if (settings_add_json(s, 1, view_of(text), &e) < 0)
		fail_msg("%s", e.text);
}

static void test_values_become_lines(void **state)
{
	AUTO_SETTINGS s = { .doc = NULL };

	(void) state;
	add_json(&s, "{\"version\":1,\"agent\":{\"S\":\"a b\",\"N\":256,\"D\":1.50,\"B\":true,\"L\":[\"x\",1],\"O\":{\"k\":\"/v\"},\"E\":\"\",\"Z\":null}}");
	assert_lines(&s, "S=a b\nN=256\nD=1.50\nB=true\nL=[\"x\",1]\nO={\"k\":\"/v\"}\nE=\n");
}

static void test_parts_merge_in_order(void **state)
{
	AUTO_SETTINGS s = { .doc = NULL };
	struct err e;

	(void) state;
	assert_int_equal(settings_add_env(&s, 1, view_of("# c\nA=1\nB=2\n\nC=x=y\n"), &e), 0);
	add_json(&s, "{\"version\":1,\"agent\":{\"B\":null,\"O\":{\"x\":1,\"y\":2}}}");
	add_json(&s, "{\"version\":1,\"agent\":{\"O\":{\"y\":null,\"z\":3},\"A\":\"later\"}}");
	assert_int_equal(settings_add_env(&s, 4, view_of("C=last"), &e), 0);
	assert_lines(&s, "A=later\nC=last\nO={\"x\":1,\"z\":3}\n");
}

static void test_refused_documents(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "{", "part 7, line 1, column 2" },
		{ "{\"version\":1,\n\"agent\":}", "part 7, line 2, column 9" },
		{ "[]", "must be a JSON object" },
		{ "{}", "'version' is missing" },
		{ "{\"version\":null}", "'version' is missing" },
		{ "{\"version\":2}", "version: 2 is not a version known here; the known one is 1" },
		{ "{\"version\":\"1\"}", "line 1, column 12: version: must be 1, not \"1\"" },
		{ "{\"version\":1,\"agnet\":{}}", "part 7, line 1, column 14: agnet: unknown key; did you mean 'agent'?" },
		{ "{\"version\":1,\"xyzzy\":{}}", "xyzzy: unknown key" },
		{ "{\"version\":1,\"agent\":[]}", "agent: must be an object of NAME: value" },
		{ "{\"version\":1,\"agent\":{\"A B\":1}}", "agent[\"A B\"]: this cannot be a variable's name" },
		{ "{\"version\":1,\"agent\":{\"A\":\"x\\nECS_CLUSTER=evil\"}}", "agent.A: the value holds a line end" },
		{ "{\"version\":1,\"agent\":{\"A\":\"x\\u0000y\"}}", "part 7, line 1, column 29: a NUL character" },
		{ "{\"version\":1,\"agent\":{\"A\\u0000B\":1}}", "a NUL character" },
		{ "{\"version\":1,\"agent\":{\"A\":\"x\\ty\"}}", "agent.A: the value holds a line end or control" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_SETTINGS s = { .doc = NULL };
		struct err e;

		assert_true(settings_add_json(&s, 7, view_of(cases[i].text), &e) < 0);
		assert_says(e, cases[i].says);
		assert_null(s.doc);
	}
}

static void test_refused_lines(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "A=1\nplain words\n", "part 3, line 2: there is no '='" },
		{ "export A=1\n", "part 3, line 1: what stands before '='" },
		{ "A =1\n", "part 3, line 1: what stands before '='" },
		{ "A=1\rB=2\n", "part 3, line 1: the value holds a control" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_SETTINGS s = { .doc = NULL };
		struct err e;

		assert_true(settings_add_env(&s, 3, view_of(cases[i].text), &e) < 0);
		assert_says(e, cases[i].says);
	}
}

static void test_merge_of_settings(void **state)
{
	static const char *const parts[] = {
		"{\"version\":1,\"efs\":[{\"mountPoint\":\"/a\",\"fileSystemId\":\"fs-01234567\",\"required\":true},"
		"{\"mountPoint\":\"/b\",\"fileSystemId\":\"fs-89abcdef\"}],\"packages\":[\"x\",\"y\"]}",
		"{\"version\":1,\"packages\":[\"z\"],\"efs\":[{\"mountPoint\":\"/c\",\"fileSystemId\":\"fs-00000000\",\"rootDirectory\":null},"
		"{\"mountPoint\":\"/a\",\"required\":null,\"rootDirectory\":\"/r\"}]}",
	};
	AUTO_SETTINGS s = { .doc = NULL };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		add_json(&s, parts[i]);
	assert_int_equal(settings_finish(&s, &e), 0);
	assert_string_equal(json_object_to_json_string_ext(settings_section(&s, "efs"), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			    "[{\"mountPoint\":\"/a\",\"fileSystemId\":\"fs-01234567\",\"rootDirectory\":\"/r\"},"
			    "{\"mountPoint\":\"/b\",\"fileSystemId\":\"fs-89abcdef\"},{\"mountPoint\":\"/c\",\"fileSystemId\":\"fs-00000000\"}]");
	assert_string_equal(json_object_to_json_string_ext(settings_section(&s, "packages"), JSON_C_TO_STRING_PLAIN), "[\"z\"]");
	assert_null(settings_section(&s, "swap"));
	add_json(&s, "{\"version\":1,\"efs\":null}");
	assert_null(settings_section(&s, "efs"));
}

static void assert_file(const char *old, const char *lines, int outcome, const char *want)
{
	AUTO_BUF b = { 0 };

	assert_int_equal(render_config(view_of(old), view_of(lines), &b), outcome);
	assert_string_equal(b.p ? b.p : "", want);
}

#define BLOCK(lines) BLOCK_BEGIN "\n" lines BLOCK_END "\n"

static void test_file_keeps_foreign_lines(void **state)
{
	(void) state;
	assert_file("", "A=1\n", 0, BLOCK("A=1\n"));
	assert_file("MINE=1\r\n#x\nlast", "A=1\n", 0, BLOCK("A=1\n") "MINE=1\r\n#x\nlast");
	assert_file(BLOCK("OLD=1\n") "MINE=1\n", "A=1\n", 0, BLOCK("A=1\n") "MINE=1\n");
	assert_file("FIRST=1\n" BLOCK("OLD=1\n") "MINE=1\n" BLOCK("OLDER=1\n"), "A=1\n", 0, BLOCK("A=1\n") "FIRST=1\nMINE=1\n");
	assert_file(BLOCK("OLD=1\n") "MINE=1\n", "", 0, "MINE=1\n");
	assert_file(BLOCK_BEGIN "\nX=1\nMINE=1\n", "A=1\n", RENDER_UNCLOSED, BLOCK("A=1\n") "X=1\nMINE=1\n");
	assert_null(strchr(BLOCK_BEGIN BLOCK_END, '='));
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "agent", "efs", "eniTrunking", "swap" };

	(void) state;
	assert_string_equal(nearest_name("agnet", names, ARRAY_LEN(names), sizeof names[0]), "agent");
	assert_string_equal(nearest_name("ENITRUNKING", names, ARRAY_LEN(names), sizeof names[0]), "eniTrunking");
	assert_string_equal(nearest_name("sawp", names, ARRAY_LEN(names), sizeof names[0]), "swap");
	assert_null(nearest_name("completelyelse", names, ARRAY_LEN(names), sizeof names[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values_become_lines), TEST(test_parts_merge_in_order), TEST(test_refused_documents), TEST(test_refused_lines),
		TEST(test_merge_of_settings), TEST(test_file_keeps_foreign_lines), TEST(test_nearest),
	};

	return RUN("settings", tests);
}
