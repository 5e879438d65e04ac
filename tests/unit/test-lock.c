#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "netconf/lock.h"
#include "tests/unit/test.h"

static struct err err;

static void test_taken_once(void **state)
{
	AUTO_FD first = -1;
	int second = -1;
	long begin;

	(void) state;
	assert_int_equal(lock_take(test_root, 0, &first, &err), 0);
	begin = clock_ms();
	assert_int_equal(lock_take(test_root, 100, &second, &err), -EBUSY);
	assert_true(clock_ms() - begin >= 100);
	assert_int_equal(second, -1);
	assert_string_equal(err.text, "lock '/run/ecs/netconf.lock': another run has held it for 100 ms");
	fd_closep(&first);
	assert_int_equal(lock_take(test_root, 0, &first, &err), 0);
}

static void test_only_root_may_hold_it(void **state)
{
	AUTO_FD fd = -1;
	struct stat st;

	(void) state;
	assert_int_equal(lock_take(test_root, 0, &fd, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* If this program is killed, the iptables-restore it started still writes. */
static void test_child_keeps_it(void **state)
{
	int fd = -1, other = -1, in[2], out[2];
	char byte;
	pid_t pid;

	(void) state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(lock_take(test_root, 0, &fd, &err), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execlp("cat", "cat", (char *) NULL);
		_exit(1);
	}
	assert_int_equal(write(in[1], "x", 1), 1);
	assert_int_equal(read(out[0], &byte, 1), 1); /* now it is cat, no more a copy of us */
	fd_closep(&fd);
	assert_int_equal(lock_take(test_root, 0, &other, &err), -EBUSY);
	close(in[1]); /* cat ends */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_take(test_root, 0, &other, &err), 0);
	fd_closep(&other);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

static void test_link_is_not_followed(void **state)
{
	int fd = -1;

	(void) state;
	assert_int_equal(dir_make(test_root, "/run/ecs", 0755, &err), 0);
	assert_int_equal(symlinkat("/tmp/elsewhere", test_root, "run/ecs/netconf.lock"), 0);
	assert_true(lock_take(test_root, 0, &fd, &err) < 0);
	assert_non_null(strstr(err.text, "open '/run/ecs/netconf.lock'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_ROOT(test_taken_once),
		TEST_IN_ROOT(test_only_root_may_hold_it),
		TEST_IN_ROOT(test_child_keeps_it),
		TEST_IN_ROOT(test_link_is_not_followed),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
