#include "bootstrap/diff.h"
#include "bootstrap/late.h"
#include "bootstrap/mask.h"
#include "tests/unit/test.h"

static int as_it_is(struct view line, struct buf *b)
{
	return buf_add(b, line.p, line.len);
}

static void assert_diff(const char *before, const char *after, const char *want)
{
	AUTO_BUF b = { 0 };

	assert_int_equal(diff_unified(view_of(before), view_of(after), "old", "new", as_it_is, &b), 0);
	assert_string_equal(b.p ? b.p : "", want);
}

#define HEAD "--- old\n+++ new\n"

static void test_diff(void **state)
{
	(void) state;
	assert_diff("", "", "");
	assert_diff("a\nb\n", "a\nb\n", "");
	assert_diff("", "a\nb\n", HEAD "@@ -0,0 +1,2 @@\n+a\n+b\n");
	assert_diff("a\n", "", HEAD "@@ -1 +0,0 @@\n-a\n");
	assert_diff("a\nb\nc\n", "a\nx\nc\n", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	assert_diff("a\nb", "a\nb\n", HEAD "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nx\n", HEAD "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+x\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\n9\n", HEAD "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n");
}

/* Six equal lines between two changes are context of both, seven are not. */
static void test_hunks(void **state)
{
	(void) state;
	assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n", HEAD "@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n");
	assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
		    HEAD "@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n");
}

static void test_diff_of_much(void **state)
{
	AUTO_BUF old = { 0 }, new = { 0 }, b = { 0 };

	(void) state;
	for (unsigned i = 0; i < 5000; i++) {
		assert_int_equal(buf_printf(&old, "o%u\n", i), 0);
		assert_int_equal(buf_printf(&new, "n%u\n", i), 0);
	}
	assert_int_equal(diff_unified(buf_view(&old), buf_view(&new), "old", "new", as_it_is, &b), 0);
	assert_memory_equal(b.p, HEAD "@@ -1,5000 +1,5000 @@\n-o0\n-o1\n", 45);
}

static void assert_masked(const char *line, const char *want)
{
	AUTO_BUF b = { 0 };

	assert_int_equal(mask_line(view_of(line), &b), 0);
	assert_string_equal(b.p ? b.p : "", want);
}

static void test_masks(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "", "" },
		{ "ECS_CLUSTER=prod", "ECS_CLUSTER=prod" },
		{ "# BEGIN ecs-bootstrap: x", "# BEGIN ecs-bootstrap: x" },
		{ "ECS_ENGINE_AUTH_DATA={\"a\":1}", "ECS_ENGINE_AUTH_DATA=" MASK },
		{ "export AWS_SESSION_TOKEN=x", "export AWS_SESSION_TOKEN=" MASK },
		{ "  aws_secret_access_key = x", "  aws_secret_access_key =" MASK },
		{ "#ECS_ENGINE_AUTH_DATA={x}", "#ECS_ENGINE_AUTH_DATA=" MASK },
		{ "# the password is x", MASK },
		{ "MY_PASSWORD=", "MY_PASSWORD=" },
		{ "ECS_LOG_OPTS={\"splunk-token\":\"x\"}", "ECS_LOG_OPTS=" MASK },
		{ "ECS_LOG_OPTS={\"max-size\":\"1m\"}", "ECS_LOG_OPTS={\"max-size\":\"1m\"}" },
		{ "HTTP_PROXY=http://u:p@h:1/", "HTTP_PROXY=http://" MASK "@h:1/" },
		{ "HTTP_PROXY=u:p@h:1", "HTTP_PROXY=" MASK "@h:1" },
		{ "A=x http://a:b@c https://d:e@f g", "A=x http://" MASK "@c https://" MASK "@f g" },
		{ "HTTP_PROXY=http://u:p@x@h:1", "HTTP_PROXY=http://" MASK "@h:1" },
		{ "NO_PROXY=169.254.169.254,.internal", "NO_PROXY=169.254.169.254,.internal" },
		{ "  \"password\": \"x\",", MASK },
		{ "c2VjcmV0IG9mIG1pbmU+==", MASK },
		{ "c2VjcmV0IG9mIG1pbmU=", MASK },
		{ "EMPTY=", "EMPTY=" },
		{ "A=x\ty\x01z", "A=x y z" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_masked(cases[i].line, cases[i].want);
}

static void test_masks_of_json(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "", "" },
		{ "  \"debug\": true,", "  \"debug\": true," },
		{ "[Service]", "[Service]" },
		{ "Environment=\"HTTP_PROXY=http://p:1\"", "Environment=\"HTTP_PROXY=http://p:1\"" },
		{ "Environment=\"HTTP_PROXY=http://u:x@p:1\"", MASK },
		{ "\t\"splunk-token\": \"x\",", " \"splunk-token\": " MASK },
		{ "  \"http-proxy\" : \"http:\\/\\/u:x@p\"", "  \"http-proxy\" : " MASK },
		{ "  \"a\": 1, \"token\": \"x\"", "  \"a\": " MASK },
		{ "{\"token\": \"x\"}", MASK },
		{ "  \"to\\\"ken\": 1, \"auth", "  \"to\\\"ken\": " MASK },
		{ "\"auth", MASK },
		{ "a\tb\x7f", "a b " },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF b = { 0 };

		assert_int_equal(mask_json_line(view_of(cases[i].line), &b), 0);
		assert_string_equal(b.p ? b.p : "", cases[i].want);
	}
}

/* A secret in a line that does not name it. */
static void test_where_masks_of_json_do(void **state)
{
	static const struct {
		const char *text;
		bool        fits;
	} cases[] = {
		{ "", true },
		{ "{\n  \"debug\": true\n}\n", true },
		{ "{\"a\": {\"token\": [\"x\", {}]}}", true },
		{ "{\n \"token\": \"x\",\n \"auth\": {\"a\": \"]\"}\n}", true },
		{ "\"token\":\n\"x\"", false },
		{ "\"token\"\n:\"x\"", false },
		{ "\"token\": {\n\"a\": \"x\"}", false },
		{ "\"token\": [\n\"x\"]", false },
		{ "\"token\": \"x", false },
		{ "{\"a\": 1,\n\"b\": 2}, \"token\": {", false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (mask_json_fits(view_of(cases[i].text)) != cases[i].fits)
			fail_msg("'%s' is judged otherwise", cases[i].text);
}

static void assert_late(const char *file, const char *want)
{
	AUTO_FINDINGS f = { .n = 0 };
	AUTO_BUF b = { 0 };

	assert_int_equal(late_check(view_of(file), &f), 0);
	for (size_t i = 0; i < f.n; i++)
		assert_int_equal(buf_printf(&b, "%u %s: %s\n", f.list[i].at.line, f.list[i].path, f.list[i].text), 0);
	assert_string_equal(b.p ? b.p : "", want);
}

static void test_late(void **state)
{
	(void) state;
	assert_late("", "");
	assert_late("# ECS_X=1\n\nECS_CLUSTER=a\nMINE=1\n", "");
	assert_late("ECS_CLUSTER=a\nMINE=1\nECS_CLUSTER=b\nECS_CLUSTER=b\r\nMINE=1",
		    "3 ECS_CLUSTER: takes the place of what line 1 says\n"
		    "4 ECS_CLUSTER: stands in line 3 already, with the same value\n"
		    "5 MINE: stands in line 2 already, with the same value\n");
	assert_late("ECS_CLUSTR=a\nECS_CLUSTER=\"a\"\n",
		    "1 ECS_CLUSTR: the agent is not known to have this variable; did you mean 'ECS_CLUSTER'?\n"
		    "2 ECS_CLUSTER: the quotes are part of the value for the agent; write it without\n");
	assert_late("export ECS_CLUSTER=secret\nsecret\n",
		    "1 : what stands before '=' cannot be a variable's name (no blanks, no 'export'); the line is passed over\n"
		    "2 : there is no '='; the line is passed over\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_diff), TEST(test_hunks), TEST(test_diff_of_much), TEST(test_masks), TEST(test_masks_of_json),
		TEST(test_where_masks_of_json_do), TEST(test_late),
	};

	return RUN("show", tests);
}
