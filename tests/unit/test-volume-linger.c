#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "efs/plugin/linger.h"
#include "tests/unit/test.h"

static struct command *sleeper(void)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct command *c;
	struct err e;

	assert_int_equal(command_start(argv, &c, &e), 0);
	return c;
}

static void wait_for_none(struct command **list)
{
	for (int tries = 0; *list && tries < 1000; tries++) {
		clock_sleep_ms(10);
		linger_reap(list);
	}
	assert_null(*list);
}

static void test_each_is_killed_when_its_time_has_come(void **state)
{
	struct command *list = NULL, *first = sleeper(), *second = sleeper(), *killed = sleeper();

	(void) state;
	assert_int_equal(linger_next(list), -1);
	linger_add(&list, first, 1000);
	linger_add(&list, second, 2000);
	linger_add(&list, killed, -1); /* SIGKILL was sent before */
	assert_int_equal(linger_next(list), 1000);
	assert_int_equal(linger_kill(list, 999), 0);
	assert_int_equal(linger_kill(list, 1000), 1);
	assert_int_equal(linger_kill(list, 1000), 0);
	assert_int_equal(linger_next(list), 2000);
	command_kill(killed, SIGKILL);
	assert_int_equal(linger_kill(list, 5000), 1);
	assert_int_equal(linger_next(list), -1);
	wait_for_none(&list);
}

static void test_those_that_end_by_themselves_are_forgotten(void **state)
{
	struct command *list = NULL, *stays = sleeper(), *goes = sleeper();

	(void) state;
	linger_add(&list, stays, 1000);
	linger_add(&list, goes, 2000);
	linger_reap(&list);
	assert_ptr_equal(list, goes);
	command_kill(goes, SIGTERM);
	for (int tries = 0; list == goes && tries < 1000; tries++) {
		clock_sleep_ms(10);
		linger_reap(&list);
	}
	assert_ptr_equal(list, stays);
	assert_null(list->next);
	command_kill(stays, SIGKILL);
	wait_for_none(&list);
}

static void test_at_the_end_they_are_left_alone(void **state)
{
	struct command *list = NULL, *c = sleeper();
	pid_t pid = c->pid;

	(void) state;
	linger_add(&list, c, 0);
	linger_leave(&list);
	assert_null(list);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(kill(-pid, SIGKILL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_is_killed_when_its_time_has_come),
		TEST(test_those_that_end_by_themselves_are_forgotten),
		TEST(test_at_the_end_they_are_left_alone),
	};

	return RUN("volume-linger", tests);
}
