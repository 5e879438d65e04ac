#include "init/health.h"
#include "tests/unit/test.h"

/* Every history of up to N looks, as the bits of a number, against the rule said in words. */
static void test_every_history(void **state)
{
	enum { N = 16 };

	(void) state;
	for (unsigned history = 0; history < 1u << N; history++) {
		struct health h = { .missed = 0 };
		unsigned silent = 0;
		bool ever = false;

		for (unsigned i = 0; i < N; i++) {
			bool answered = history >> i & 1;

			ever = ever || answered;
			silent = answered ? 0 : silent + 1;
			if (health_hangs(&h, answered) != (ever && silent >= HEALTH_MISSES))
				fail_msg("history %x, look %u", history, i);
		}
	}
}

static void test_one_that_never_answered(void **state)
{
	struct health h = { .missed = 0 };

	(void) state;
	for (unsigned i = 1; i < HEALTH_MISSES_EVER; i++)
		assert_false(health_hangs(&h, false));
	assert_true(health_hangs(&h, false));
	assert_true(health_hangs(&h, false)); /* it could not be stopped: tried again */
	assert_false(health_hangs(&h, true));
	assert_false(health_hangs(&h, false));
}

/* The last answer and the verdict are so many intervals apart: that is the configured time. */
static void test_times(void **state)
{
	(void) state;
	assert_int_equal(health_interval_ms(300) * HEALTH_LOOKS, 300000);
	assert_int_equal(health_interval_ms(1) * HEALTH_LOOKS, 1000);
	assert_int_equal(health_interval_ms(24 * 3600), 6 * 3600 * 1000);
	assert_int_equal((HEALTH_MISSES_EVER + 1) % HEALTH_LOOKS, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_every_history), TEST(test_one_that_never_answered), TEST(test_times) };

	return RUN("health", tests);
}
