/* Mount commands as children, the words about their ends, and the thread that saves. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "efs/plugin/command.h"
#include "efs/plugin/saver.h"
#include "tests/unit/test.h"

static struct command *run(const char *script, bool wait)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct command *c = NULL;
	struct err e;

	assert_int_equal(command_start(argv, &c, &e), 0);
	for (int i = 0; wait && !command_reap(c) && i < 2000; i++) {
		command_read(c);
		clock_sleep_ms(5);
	}
	return c;
}

static void assert_explained(const char *script, bool worked, const char *text)
{
	struct command *c = run(script, true);
	char said[896];

	assert_true(c->ended);
	assert_int_equal(command_worked(c), worked);
	command_explain(c, 0, said, sizeof said);
	assert_string_equal(said, text);
	command_freep(&c);
}

static void test_ends(void **state)
{
	(void) state;
	assert_explained("exit 0", true, "exit status 0, and not a word");
	assert_explained("exit 32", false, "exit status 32, and not a word");
	assert_explained("echo 'mount: no  such'; printf '  thing\\r\\n\\001\\377' >&2; exit 1", false, "mount: no such thing ??");
	assert_explained("kill -9 $$", false, "it was ended by signal 9 (Killed)");
	assert_explained("echo Connection refused; exit 1", false,
	                 "Connection refused (the connection is refused: nothing listens on port 2049 of the mount target, or the TLS tunnel has ended)");
}

static void test_a_flood_is_bounded(void **state)
{
	struct command *c = run("yes garbage | head -c 3000000; exit 1", true);
	char said[896];

	(void) state;
	assert_true(c->ended);
	assert_int_equal(c->said.len, COMMAND_SAID_MAX);
	command_explain(c, 0, said, sizeof said);
	assert_true(strlen(said) < sizeof said);
	command_freep(&c);
}

static void test_the_hint_outlasts_the_flood(void **state)
{
	struct command *c = run("echo access denied by server; yes garbage | head -c 5000; exit 1", true);
	char said[512];

	(void) state;
	command_explain(c, 100, said, sizeof said);
	assert_non_null(strstr(said, "it has not ended within 100 s and was killed"));
	assert_non_null(strstr(said, "ClientMount"));
	command_freep(&c);
}

static void test_a_daemon_that_keeps_the_pipe(void **state)
{
	long begin = clock_ms();
	struct command *c = run("echo ready; sleep 30 & echo $! >&2", true);
	int pid = 0;

	(void) state;
	assert_true(c->ended);
	assert_true(clock_ms() - begin < 10000);
	assert_int_equal(sscanf(c->said.p, "ready %d", &pid), 1); // NOLINT(cert-err34-c): our own output
	(void) kill(pid, SIGKILL);
	command_freep(&c);
}

static void test_the_whole_group_is_killed(void **state)
{
	struct command *c = run("sleep 30 & wait", false);

	(void) state;
	clock_sleep_ms(50);
	command_kill(c, SIGKILL);
	for (int i = 0; !command_reap(c) && i < 2000; i++)
		clock_sleep_ms(5);
	assert_true(c->ended);
	/* the group is gone, or about to be reaped by init */
	for (int i = 0; kill(-c->pid, 0) == 0 && i < 400; i++)
		clock_sleep_ms(5);
	assert_int_equal(kill(-c->pid, 0), -1);
	command_freep(&c);
}

static void test_a_program_that_is_not_there(void **state)
{
	const char *const argv[] = { "/nonexistent/mount", NULL };
	struct command *c = NULL;
	struct err e;

	(void) state;
	assert_int_equal(command_start(argv, &c, &e), -ENOENT);
	assert_string_equal(e.text, "run '/nonexistent/mount': No such file or directory");
	assert_null(c);
}

static void wait_for(struct saver *s)
{
	struct pollfd p = { .fd = saver_fd(s), .events = POLLIN };

	assert_int_equal(poll(&p, 1, 20000), 1);
}

static void give(struct saver *s, const char *text, uint64_t number)
{
	struct buf b = { .p = NULL };

	assert_int_equal(buf_add(&b, text, strlen(text)), 0);
	saver_put(s, &b, number);
	assert_null(b.p);
}

static void test_saver(void **state)
{
	char folder[] = "/tmp/saver-XXXXXX";
	AUTO_BUF b = { .p = NULL };
	struct saver *s = NULL;
	uint64_t number = 0;
	struct err e;
	int root;

	(void) state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(root_open(folder, &root, &e), 0);
	assert_int_equal(saver_new(root, "/state", &s, &e), 0);
	for (uint64_t i = 1; i <= 100; i++) {
		char text[32];

		assert_true(saver_idle(s));
		snprintf(text, sizeof text, "state %u", (unsigned) i);
		give(s, text, i);
		wait_for(s);
		assert_int_equal(saver_taken(s, &number, &e), 0);
		assert_int_equal(number, i);
	}
	give(s, "the last", 101);
	saver_freep(&s); /* what is due is written */
	assert_int_equal(file_read(root, "/state", 100, &b, &e), 0);
	assert_string_equal(b.p, "the last");
	(void) unlinkat(root, "state", 0);
	(void) close(root);
	(void) rmdir(folder);
}

static void test_saver_that_cannot(void **state)
{
	struct saver *s = NULL;
	uint64_t number = 0;
	struct err e;
	int root;

	(void) state;
	assert_int_equal(root_open("/", &root, &e), 0);
	assert_int_equal(saver_new(root, "/nonexistent/state", &s, &e), 0);
	give(s, "x", 7);
	wait_for(s);
	assert_int_equal(saver_taken(s, &number, &e), -ENOENT);
	assert_int_equal(number, 7);
	assert_says(e, "/nonexistent/state");
	saver_freep(&s);
	(void) close(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ends), TEST(test_a_flood_is_bounded), TEST(test_the_hint_outlasts_the_flood), TEST(test_a_daemon_that_keeps_the_pipe),
		TEST(test_the_whole_group_is_killed), TEST(test_a_program_that_is_not_there),
		TEST(test_saver), TEST(test_saver_that_cannot),
	};

	return RUN("volume-command", tests);
}
