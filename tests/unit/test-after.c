#include "bootstrap/after.h"
#include "tests/unit/test.h"

/* All 32 combinations, each worked out from the rules as a user would say them. */
static void test_every_combination(void **state)
{
	(void) state;
	for (unsigned bits = 0; bits < 32; bits++) {
		struct after_facts f = {
			.cloud_init_here = bits & 1, .cloud_init_finished = bits & 2, .nothing_for_cloud_init = bits & 4,
			.user_data_failed = bits & 8, .cluster_named = bits & 16,
		};
		enum after_verdict want = AFTER_GO;

		if (f.cloud_init_here && !f.cloud_init_finished && !f.nothing_for_cloud_init)
			want = AFTER_WAIT;
		else if (f.user_data_failed && !f.cluster_named)
			want = AFTER_WITHHOLD;
		assert_int_equal(after_judge(&f), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_every_combination) };

	return RUN("after", tests);
}
