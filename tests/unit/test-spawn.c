#include <errno.h>
#include <signal.h>

#include "common/clock.h"
#include "common/spawn.h"
#include "tests/unit/test.h"

static int run(const char *script, struct view input, unsigned ms, int *status, struct buf *out, struct buf *errors, struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	return spawn_run(&(struct spawn) { .argv = argv, .input = input, .deadline_ms = ms }, status, out, errors, e);
}

static void test_input_outputs_status(void **state)
{
	AUTO_BUF out = { 0 }, errors = { 0 };
	int status = -1;
	struct err e;

	(void) state;
	assert_int_equal(run("cat; echo oops >&2; exit 3", view_of("hello"), 0, &status, &out, &errors, &e), 0);
	assert_int_equal(status, 3);
	assert_string_equal(out.p, "hello");
	assert_string_equal(errors.p, "oops\n");
}

/* More than a pipe holds in both directions at once: whoever waits for one end only hangs here. */
static void test_much_of_both(void **state)
{
	AUTO_BUF out = { 0 }, big = { 0 }, errors = { 0 };
	int status = -1;
	struct err e;

	(void) state;
	for (int i = 0; i < 20000; i++)
		assert_int_equal(buf_add(&big, "0123456789abcdef", 16), 0);
	assert_int_equal(run("cat", buf_view(&big), 10000, &status, &out, &errors, &e), 0);
	assert_int_equal(status, 0);
	assert_int_equal(out.len, big.len);
}

static void test_deadline_kills(void **state)
{
	AUTO_BUF out = { 0 }, errors = { 0 };
	long start = clock_ms();
	int status = 0;
	struct err e;

	(void) state;
	assert_int_equal(run("exec sleep 20", view_of(""), 100, &status, &out, &errors, &e), -ETIMEDOUT);
	assert_int_equal(run("exec sleep 20 >&- 2>&-", view_of(""), 100, &status, &out, &errors, &e), -ETIMEDOUT);
	assert_true(clock_ms() - start < 5000);
}

/* A package's script may start a service that keeps our pipe open. */
static void test_what_it_leaves_running_is_not_waited_for(void **state)
{
	AUTO_BUF out = { 0 }, errors = { 0 };
	long start = clock_ms();
	int status = -1;
	struct err e;

	(void) state;
	assert_int_equal(run("sleep 20 & echo $!; exit 4", view_of(""), 15000, &status, &out, &errors, &e), 0);
	assert_int_equal(status, 4);
	assert_true(clock_ms() - start < 10000);
	assert_int_equal(kill((pid_t) atol(out.p), SIGKILL), 0);
}

static void test_deadline_kills_the_group(void **state)
{
	static const char *const argv[] = { "sh", "-c", "sleep 20 & echo $!; wait", NULL };
	const struct spawn s = { .argv = argv, .deadline_ms = 500, .group = true };
	AUTO_BUF out = { 0 }, errors = { 0 };
	int status = -1;
	struct err e;

	(void) state;
	assert_int_equal(spawn_run(&s, &status, &out, &errors, &e), -ETIMEDOUT);
	assert_non_null(out.p);
	for (int i = 0; i < 100 && kill((pid_t) atol(out.p), 0) == 0; i++) {
		char path[64], text[64] = "";
		FILE *f;

		snprintf(path, sizeof path, "/proc/%ld/stat", atol(out.p));
		f = fopen(path, "r");
		if (!f)
			break;
		(void) !fgets(text, sizeof text, f);
		fclose(f);
		if (strstr(text, ") Z")) /* dead; who reaps it is not our affair */
			break;
		clock_sleep_ms(50);
		assert_true(i < 99);
	}
}

static void test_what_cannot_run(void **state)
{
	const char *argv[] = { "/nonexistent/tool", NULL };
	AUTO_BUF out = { 0 }, errors = { 0 };
	int status = 0;
	struct err e;

	(void) state;
	assert_int_equal(spawn_run(&(struct spawn) { .argv = argv }, &status, &out, &errors, &e), -ENOENT);
	assert_says(e, "run '/nonexistent/tool'");
}

static void test_signal_and_limit(void **state)
{
	AUTO_BUF out = { .limit = 4 }, errors = { 0 };
	int status = 0;
	struct err e;

	(void) state;
	assert_int_equal(run("printf 12345678; kill -9 $$", view_of("unread"), 0, &status, &out, &errors, &e), 0);
	assert_int_equal(status, 128 + 9);
	assert_true(out.len <= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_input_outputs_status), TEST(test_much_of_both), TEST(test_deadline_kills), TEST(test_what_it_leaves_running_is_not_waited_for),
		TEST(test_deadline_kills_the_group),
		TEST(test_what_cannot_run),
		TEST(test_signal_and_limit),
	};

	return RUN("spawn", tests);
}
