#include "init/supervisor.h"
#include "tests/unit/test.h"

/* The pairs that can happen. Every other must be DO_BUG: a new one has to be thought about, here and in the table. */
static const struct {
	enum sup_state  state;
	enum sup_event  event;
	enum sup_action act;
	enum sup_state  next;
} pairs[] = {
	{ SUP_IDLE, EV_START, DO_UP, SUP_STARTING },
	{ SUP_IDLE, EV_STOP, DO_QUIT, SUP_DONE },
	{ SUP_STARTING, EV_UP, DO_READY, SUP_RUNNING },
	{ SUP_STARTING, EV_BRIEF, DO_OUTCOME, SUP_ENDED },
	{ SUP_STARTING, EV_JOB_FAILED, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_STARTING, EV_RELOAD, DO_RELOAD, SUP_STARTING },
	{ SUP_STARTING, EV_STOP, DO_STOP, SUP_STOPPING },
	{ SUP_RUNNING, EV_GONE, DO_OUTCOME, SUP_ENDED },
	{ SUP_RUNNING, EV_EXIT_CLEAN, DO_QUIT, SUP_DONE },
	{ SUP_RUNNING, EV_EXIT_TROUBLE, DO_LOGS, SUP_LOGGING },
	{ SUP_RUNNING, EV_EXIT_TERMINAL, DO_QUIT_TERMINAL, SUP_DONE },
	{ SUP_RUNNING, EV_EXIT_UPGRADE, DO_UPGRADE, SUP_UPGRADING },
	{ SUP_RUNNING, EV_EXIT_OTHER, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_RUNNING, EV_EXIT_DOCKER, DO_UP, SUP_STARTING },
	{ SUP_RUNNING, EV_JOB_FAILED, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_RUNNING, EV_HUNG, DO_RESTART, SUP_HANGING },
	{ SUP_RUNNING, EV_RELOAD, DO_RELOAD, SUP_RELOADING },
	{ SUP_RUNNING, EV_STOP, DO_STOP, SUP_STOPPING },
	{ SUP_RELOADING, EV_UP, DO_READY, SUP_RUNNING },
	{ SUP_RELOADING, EV_BRIEF, DO_OUTCOME, SUP_ENDED },
	{ SUP_RELOADING, EV_GONE, DO_NOTHING, SUP_REPLACING },
	{ SUP_RELOADING, EV_JOB_FAILED, DO_KEEP, SUP_RUNNING },
	{ SUP_RELOADING, EV_RELOAD, DO_RELOAD, SUP_RELOADING },
	{ SUP_RELOADING, EV_STOP, DO_STOP, SUP_STOPPING },
	{ SUP_REPLACING, EV_UP, DO_READY, SUP_RUNNING },
	{ SUP_REPLACING, EV_BRIEF, DO_OUTCOME, SUP_ENDED },
	{ SUP_REPLACING, EV_JOB_FAILED, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_REPLACING, EV_RELOAD, DO_RELOAD, SUP_REPLACING },
	{ SUP_REPLACING, EV_STOP, DO_STOP, SUP_STOPPING },
	{ SUP_HANGING, EV_GONE, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_HANGING, EV_JOB_DONE, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_HANGING, EV_JOB_FAILED, DO_KEEP, SUP_RUNNING },
	{ SUP_HANGING, EV_RELOAD, DO_REFRESH, SUP_HANGING },
	{ SUP_HANGING, EV_STOP, DO_STOP, SUP_STOPPING },
	{ SUP_ENDED, EV_EXIT_CLEAN, DO_QUIT, SUP_DONE },
	{ SUP_ENDED, EV_EXIT_TROUBLE, DO_LOGS, SUP_LOGGING },
	{ SUP_ENDED, EV_EXIT_TERMINAL, DO_QUIT_TERMINAL, SUP_DONE },
	{ SUP_ENDED, EV_EXIT_UPGRADE, DO_UPGRADE, SUP_UPGRADING },
	{ SUP_ENDED, EV_EXIT_OTHER, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_ENDED, EV_EXIT_DOCKER, DO_UP, SUP_STARTING },
	{ SUP_ENDED, EV_JOB_FAILED, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_ENDED, EV_RELOAD, DO_REFRESH, SUP_ENDED },
	{ SUP_ENDED, EV_STOP, DO_QUIT, SUP_DONE },
	{ SUP_LOGGING, EV_JOB_DONE, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_LOGGING, EV_JOB_FAILED, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_LOGGING, EV_RELOAD, DO_REFRESH, SUP_LOGGING },
	{ SUP_LOGGING, EV_STOP, DO_QUIT, SUP_DONE },
	{ SUP_UPGRADING, EV_JOB_DONE, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_UPGRADING, EV_JOB_FAILED, DO_BACKOFF, SUP_BACKOFF },
	{ SUP_UPGRADING, EV_RELOAD, DO_REFRESH, SUP_UPGRADING },
	{ SUP_UPGRADING, EV_STOP, DO_QUIT, SUP_DONE },
	{ SUP_BACKOFF, EV_TIMER, DO_UP, SUP_STARTING },
	{ SUP_BACKOFF, EV_RELOAD, DO_RELOAD, SUP_STARTING },
	{ SUP_BACKOFF, EV_STOP, DO_QUIT, SUP_DONE },
	{ SUP_STOPPING, EV_GONE, DO_NOTHING, SUP_STOPPING },
	{ SUP_STOPPING, EV_JOB_DONE, DO_QUIT, SUP_DONE },
	{ SUP_STOPPING, EV_JOB_FAILED, DO_SIGNAL, SUP_SIGNALLED },
	{ SUP_STOPPING, EV_RELOAD, DO_NOTHING, SUP_STOPPING },
	{ SUP_STOPPING, EV_STOP, DO_NOTHING, SUP_STOPPING },
	{ SUP_SIGNALLED, EV_GONE, DO_QUIT, SUP_DONE },
	{ SUP_SIGNALLED, EV_TIMER, DO_QUIT_FAILED, SUP_DONE },
	{ SUP_SIGNALLED, EV_RELOAD, DO_NOTHING, SUP_SIGNALLED },
	{ SUP_SIGNALLED, EV_STOP, DO_NOTHING, SUP_SIGNALLED },
};

static void test_every_pair(void **state)
{
	(void) state;
	for (enum sup_state s = 0; s < SUP_STATE_N; s++) {
		for (enum sup_event ev = 0; ev < EV_EVENT_N; ev++) {
			struct sup_step want = { DO_BUG, SUP_IDLE }, got = sup_next(s, ev);

			for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
				if (pairs[i].state == s && pairs[i].event == ev)
					want = (struct sup_step) { pairs[i].act, pairs[i].next };
			if (got.act != want.act || (want.act != DO_BUG && got.next != want.next))
				fail_msg("state '%s', event %d: action %d, next %d", sup_state_name(s), ev, got.act, got.next);
		}
	}
}

/* What a user counts on, said without the table: a stop always ends it, and nothing is left without a way on. */
static void test_properties(void **state)
{
	(void) state;
	for (enum sup_state s = SUP_IDLE; s < SUP_DONE; s++) {
		struct sup_step stop = sup_next(s, EV_STOP);
		unsigned ways = 0;

		assert_true(stop.act == DO_QUIT || stop.act == DO_STOP || ((s == SUP_STOPPING || s == SUP_SIGNALLED) && stop.act == DO_NOTHING));
		for (enum sup_event ev = EV_START; ev < EV_STOP; ev++)
			ways += sup_next(s, ev).act != DO_BUG && sup_next(s, ev).next != s;
		assert_true(ways > 0);
		assert_non_null(sup_state_name(s));
	}
	for (enum sup_event ev = 0; ev < EV_EVENT_N; ev++)
		assert_int_equal(sup_next(SUP_DONE, ev).act, DO_BUG);
	/* A reload never leads towards the end, and none is lost while there is an agent to come. */
	for (enum sup_state s = SUP_STARTING; s < SUP_DONE; s++) {
		struct sup_step reload = sup_next(s, EV_RELOAD);

		if (s == SUP_STOPPING || s == SUP_SIGNALLED)
			assert_true(reload.act == DO_NOTHING && reload.next == s);
		else
			assert_true(reload.act == DO_RELOAD || (reload.act == DO_REFRESH && reload.next == s));
	}
	/* An agent that runs is touched by nothing that fails. */
	assert_int_equal(sup_next(SUP_RELOADING, EV_JOB_FAILED).next, SUP_RUNNING);
	assert_int_equal(sup_next(SUP_HANGING, EV_JOB_FAILED).next, SUP_RUNNING);
}

static void test_exit_statuses(void **state)
{
	static const struct {
		int            status;
		enum sup_event alone, docker_gone;
	} want[] = {
		{ 0, EV_EXIT_CLEAN, EV_EXIT_DOCKER },      { 1, EV_EXIT_OTHER, EV_EXIT_DOCKER },
		{ 2, EV_EXIT_TROUBLE, EV_EXIT_DOCKER },    { 5, EV_EXIT_TERMINAL, EV_EXIT_TERMINAL },
		{ 42, EV_EXIT_UPGRADE, EV_EXIT_UPGRADE },  { 137, EV_EXIT_OTHER, EV_EXIT_DOCKER },
		{ -1, EV_EXIT_OTHER, EV_EXIT_DOCKER },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(sup_exit_event(want[i].status, 0), want[i].alone);
		assert_int_equal(sup_exit_event(want[i].status, 1), want[i].docker_gone);
	}
}

static void test_a_healthy_run_forgives(void **state)
{
	(void) state;
	assert_int_equal(sup_failures(0, 0), 1);
	assert_int_equal(sup_failures(3, SUP_HEALTHY_MS - 1), 4);
	assert_int_equal(sup_failures(30, SUP_HEALTHY_MS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_pair), TEST(test_properties), TEST(test_exit_statuses), TEST(test_a_healthy_run_forgives),
	};

	return RUN("supervisor", tests);
}
