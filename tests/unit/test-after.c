#include <errno.h>

#include "bootstrap/after.h"
#include "tests/unit/test.h"

/* All 64 combinations, each worked out from the rules as a user would say them. */
static void test_every_combination(void **state)
{
	(void) state;
	for (unsigned bits = 0; bits < 64; bits++) {
		struct after_facts f = {
			.cloud_init_here = bits & 1, .cloud_init_finished = bits & 2, .nothing_for_cloud_init = bits & 4,
			.user_data_failed = bits & 8, .cluster_named = bits & 16,
			.user_data_refused = bits & 32,
		};
		enum after_verdict want = AFTER_GO;

		if (f.cloud_init_here && !f.cloud_init_finished && !f.nothing_for_cloud_init)
			want = AFTER_WAIT;
		else if (f.user_data_refused && !f.cluster_named)
			want = AFTER_WITHHOLD;
		else if (f.user_data_failed && !f.cluster_named)
			want = AFTER_RETRY;
		assert_int_equal(after_judge(&f), want);
	}
}

static void check_errors(const char *text, size_t n, const char *first)
{
	struct after_errors got;
	struct err e;

	assert_int_equal(after_errors(view_of(text), &got, &e), 0);
	assert_int_equal(got.n, n);
	assert_string_equal(got.first, first);
}

static void test_errors_of_cloud_init(void **state)
{
	(void) state;
	check_errors("{\"v1\": {\"datasource\": \"DataSourceEc2\", \"errors\": []}}", 0, "");
	check_errors("{\"v1\": {\"errors\": [\"('scripts-user', RuntimeError('Runparts: 1 failures'))\", \"x\"]}}", 2, "scripts-user");
	check_errors("{\"v1\": {\"errors\": [\"could not import a module\"]}}", 1, "");
	/* only the name of a module may come from there */
	check_errors("{\"v1\": {\"errors\": [\"('pass word', 1)\"]}}", 1, "");
	check_errors("{\"v1\": {\"errors\": [\"('unended\"]}}", 1, "");
	check_errors("{\"v1\": {\"errors\": [\"('a23456789012345678901234567890123456789012345678901234567890', 1)\"]}}", 1, "");
	check_errors("{\"v1\": {\"errors\": [null, 7]}}", 2, "");
	check_errors("{\"v1\": {\"datasource\": \"x\", \"errors\": [\"a\\nb\", 5]}}", 2, "");
}

static void test_what_cloud_init_does_not_write(void **state)
{
	static const char *const bad[] = { "", "[]", "{\"v1\": {}}", "{\"v1\": {\"errors\": {}}}", "{\"v1\": {\"errors\": \"one\"}}", "{\"v1\": ", "{\"v1\"" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct after_errors got = { .n = 7 };
		struct err e;

		assert_int_equal(after_errors(view_of(bad[i]), &got, &e), -EBADMSG);
		assert_int_equal(got.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_every_combination), TEST(test_errors_of_cloud_init), TEST(test_what_cloud_init_does_not_write) };

	return RUN("after", tests);
}
