#include "init/rules-damp.h"
#include "tests/unit/test.h"

/* What came of an hour in which somebody breaks the rules `every` ms after each repair; every 0: at once. */
struct outcome {
	unsigned repairs, told, fights, ends;
	unsigned longest, in_any_minute;
};

/* Plays the watch: a look follows each break after its delay; what is due first happens first. */
static struct outcome play(long every, long breaks_until, long until)
{
	static long at[100000];
	struct outcome o = { .repairs = 0 };
	struct damp d = { .failures = 0 };
	long now = 1000000, begin = now, next = now;

	while (now - begin < until) {
		unsigned quiet = damp_quiet_ms(&d, now), delay;

		if (next - begin > breaks_until || (quiet > 0 && now + quiet < next)) {
			if (quiet == 0)
				break;
			now += quiet;
			assert_true(damp_over(&d, now));
			assert_false(damp_over(&d, now));
			o.ends++;
			continue;
		}
		now = next > now ? next : now;
		delay = damp_delay_ms(&d, now);
		assert_in_range(delay, DAMP_SETTLE_MS, DAMP_HOLD_MAX_MS);
		now += delay;
		damp_checked(&d, now);
		o.longest = delay > o.longest ? delay : o.longest;
		switch (damp_repaired(&d, now)) {
		case DAMP_TELL_REPAIR:
			assert_int_equal(d.hold_ms, 0);
			o.told++;
			break;
		case DAMP_TELL_FIGHT:
			assert_int_equal(d.hold_ms, DAMP_HOLD_MS);
			o.fights++;
			break;
		case DAMP_TELL_NOTHING:
			break;
		}
		at[o.repairs++] = now;
		for (unsigned i = o.repairs; i > 0 && now - at[i - 1] < 60000; i--)
			o.in_any_minute = o.repairs - i + 1 > o.in_any_minute ? o.repairs - i + 1 : o.in_any_minute;
		next = now + every;
	}
	return o;
}

enum { HOUR = 3600 * 1000 };

static void test_a_single_one_is_mended_at_once(void **state)
{
	struct damp d = { .failures = 0 };

	(void) state;
	assert_int_equal(damp_delay_ms(&d, 5000), DAMP_SETTLE_MS);
	damp_checked(&d, 5030);
	assert_int_equal(damp_repaired(&d, 5040), DAMP_TELL_REPAIR);
	assert_int_equal(damp_delay_ms(&d, 5041), DAMP_SETTLE_MS);
	assert_int_equal(damp_quiet_ms(&d, 5041), 0);
	assert_false(damp_over(&d, 5000 + HOUR));
}

static void test_rare_ones_are_no_fight(void **state)
{
	(void) state;
	for (long every = DAMP_REPAIR_EVERY_MS; every < HOUR; every += every / 3) {
		struct outcome o = play(every, HOUR, 2 * HOUR);

		assert_int_equal(o.fights, 0);
		assert_int_equal(o.told, o.repairs);
		assert_int_equal(o.longest, DAMP_SETTLE_MS);
	}
}

static void test_the_delays_of_a_fight(void **state)
{
	static const unsigned delays[] = { 30, 30, 30, 30, 30, 30, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000 };
	struct damp d = { .failures = 0 };
	long now = 70000;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
		enum damp_tell want = i < DAMP_REPAIRS ? DAMP_TELL_REPAIR : i == DAMP_REPAIRS ? DAMP_TELL_FIGHT : DAMP_TELL_NOTHING;

		assert_int_equal(damp_delay_ms(&d, now), delays[i]);
		now += delays[i];
		damp_checked(&d, now);
		assert_int_equal(damp_repaired(&d, now), want);
		assert_int_equal(d.repairs, i + 1);
	}
	assert_int_equal(d.begun, 70030);
	assert_int_equal(damp_quiet_ms(&d, now), 2 * DAMP_HOLD_MAX_MS);
	assert_false(damp_over(&d, now + 2L * DAMP_HOLD_MAX_MS - 1));
	assert_true(damp_over(&d, now + 2L * DAMP_HOLD_MAX_MS));
	assert_int_equal(damp_delay_ms(&d, now + 2L * DAMP_HOLD_MAX_MS), DAMP_SETTLE_MS);
	assert_int_equal(damp_repaired(&d, now + 2L * DAMP_HOLD_MAX_MS), DAMP_TELL_REPAIR);
	assert_int_equal(d.repairs, 1);
}

/* However fast the other is, and for every pace up to one that is none. */
static void test_fights_of_every_pace(void **state)
{
	(void) state;
	for (long every = 0; every < 3L * DAMP_REPAIR_EVERY_MS; every += every < 100 ? 1 : 97) {
		struct outcome o = play(every, HOUR, 2 * HOUR);

		assert_in_range(o.in_any_minute, 2, DAMP_REPAIRS + 2 + 60000 / DAMP_REPAIR_EVERY_MS); /* the free ones, two of the fight, the leak */
		if (every < DAMP_REPAIR_EVERY_MS / 10 * 9) {
			assert_true(o.fights >= 1);
			assert_int_equal(o.fights, o.ends);
			assert_true(o.fights <= HOUR / DAMP_QUIET_MS);
			assert_in_range(o.told, DAMP_REPAIRS, 60 * o.fights * DAMP_REPAIRS);
		}
		if (every < 1000)
			assert_true(o.fights == 1 && o.repairs < 75 && o.longest > DAMP_HOLD_MAX_MS - 1000);
	}
}

static void test_many_looks_that_find_nothing(void **state)
{
	struct damp d = { .failures = 0 };
	long now = 1000, begin = now;
	unsigned looks = 0;

	(void) state;
	for (; now - begin < 60000; looks++) {
		unsigned ms = damp_delay_ms(&d, now);

		assert_true(looks >= DAMP_CHECKS ? ms > DAMP_SETTLE_MS : ms == DAMP_SETTLE_MS);
		assert_true(ms <= DAMP_CHECK_EVERY_MS);
		now += ms;
		damp_checked(&d, now);
	}
	assert_in_range(looks, 60000 / DAMP_CHECK_EVERY_MS, 60000 / DAMP_CHECK_EVERY_MS + DAMP_CHECKS + 1);
	assert_int_equal(damp_delay_ms(&d, now + (long) DAMP_CHECK_EVERY_MS * DAMP_CHECKS), DAMP_SETTLE_MS);
}

static void test_failures(void **state)
{
	static const unsigned delays[DAMP_FAILURES] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 0 };
	struct damp d = { .failures = 0 };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(delays); i++)
		assert_int_equal(damp_failed(&d), delays[i]);
	assert_int_equal(damp_failed(&d), 0);
	damp_checked(&d, 1);
	assert_int_equal(damp_failed(&d), 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_a_single_one_is_mended_at_once),
		TEST(test_rare_ones_are_no_fight),
		TEST(test_the_delays_of_a_fight),
		TEST(test_fights_of_every_pace),
		TEST(test_many_looks_that_find_nothing),
		TEST(test_failures),
	};

	return RUN("rules-damp", tests);
}
