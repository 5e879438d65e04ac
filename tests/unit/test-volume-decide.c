/* The tables of the plugin's core: every pair, written down a second time. */
#include "efs/plugin/decide.h"
#include "tests/unit/test.h"

#define X STEP_IMPOSSIBLE
static const enum step wanted[WISH_COUNT_][STAND_COUNT_] = {
	/*                         DOWN          LEFT          LOST          UP */
	[WISH_MOUNT]           = { STEP_MOUNT,   STEP_COUNT,   STEP_MOUNT,   STEP_COUNT },
	[WISH_UNMOUNT_UNKNOWN] = { STEP_NOTHING, STEP_NOTHING, STEP_NOTHING, STEP_NOTHING },
	[WISH_UNMOUNT_ONE]     = { X,            X,            STEP_DROP,    STEP_DROP },
	[WISH_UNMOUNT_LAST]    = { X,            X,            STEP_DROP,    STEP_UNMOUNT },
	[WISH_UNDO]            = { STEP_NOTHING, STEP_UNMOUNT, STEP_NOTHING, STEP_NOTHING },
	[WISH_REMOVE]          = { STEP_FORGET,  STEP_UNMOUNT, STEP_FORGET,  STEP_UNMOUNT },
};

static void test_every_pair(void **state)
{
	(void) state;
	for (int w = 0; w < WISH_COUNT_; w++)
		for (int s = 0; s < STAND_COUNT_; s++)
			if (decide((enum wish) w, (enum stand) s) != wanted[w][s])
				fail_msg("wish %d, stand %d: %d", w, s, decide((enum wish) w, (enum stand) s));
	assert_int_equal(decide(WISH_COUNT_, STAND_UP), STEP_IMPOSSIBLE);
	assert_int_equal(decide(WISH_MOUNT, STAND_COUNT_), STEP_IMPOSSIBLE);
}

static void test_stands(void **state)
{
	(void) state;
	assert_int_equal(stand_of(false, false), STAND_DOWN);
	assert_int_equal(stand_of(false, true), STAND_LEFT);
	assert_int_equal(stand_of(true, false), STAND_LOST);
	assert_int_equal(stand_of(true, true), STAND_UP);
}

static void test_truth_after_a_command(void **state)
{
	static const enum verdict mount[2][3] = {
		/*  ABSENT           MOUNTED       UNKNOWN */
		{ VERDICT_FAILED,  VERDICT_UNDO, VERDICT_FAILED },
		{ VERDICT_NOWHERE, VERDICT_DONE, VERDICT_DONE },
	};
	static const enum verdict unmount[2][3] = {
		{ VERDICT_DONE, VERDICT_FAILED, VERDICT_FAILED },
		{ VERDICT_DONE, VERDICT_AGAIN,  VERDICT_DONE },
	};

	(void) state;
	for (int ok = 0; ok < 2; ok++) {
		for (int t = 0; t < 3; t++) {
			assert_int_equal(judge_mount(ok, (enum truth) t), mount[ok][t]);
			assert_int_equal(judge_unmount(ok, (enum truth) t), unmount[ok][t]);
		}
	}
}

/* Whatever is asked in whatever order: after each answer the count is what the answers say, and no mount is left when nobody uses it. */
static void test_every_way_ends(void **state)
{
	(void) state;
	for (int w = 0; w < WISH_COUNT_; w++) {
		for (int s = 0; s < STAND_COUNT_; s++) {
			bool users = s == STAND_LOST || s == STAND_UP, mounted = s == STAND_LEFT || s == STAND_UP;
			enum step step = decide((enum wish) w, (enum stand) s);

			if (step != STEP_MOUNT && step != STEP_UNMOUNT)
				continue;
			mounted = step == STEP_MOUNT;
			step = decide((enum wish) w, stand_of(users, mounted));
			/* a command that worked is not run again for the same request */
			assert_true(step == STEP_COUNT || step == STEP_DROP || step == STEP_FORGET || step == STEP_NOTHING);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_pair), TEST(test_stands), TEST(test_truth_after_a_command), TEST(test_every_way_ends),
	};

	return RUN("volume-decide", tests);
}
