/* process and job: real children under a real event loop. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "init/job.h"
#include "init/process.h"
#include "tests/unit/test.h"

static void test_process_of_another_cgroup(void **state)
{
	int fd = -1;
	struct err e;

	(void) state;
	assert_int_equal(process_open(getpid(), "0123456789abcdef0123456789abcdef", &fd, &e), PROCESS_UNSURE);
	assert_int_equal(process_open(0, "x", &fd, &e), PROCESS_GONE);
	assert_int_equal(process_open(1 << 22, "x", &fd, &e), PROCESS_GONE);
	assert_int_equal(fd, -1);
}

/* A cgroup path always holds a '/', so that stands in for the container's id here. */
static void test_end_is_seen(void **state)
{
	struct err e = { .text = "" };
	pid_t pid = fork();
	AUTO_FD fd = -1;

	(void) state;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_open(pid, "/", &fd, &e), 0);
	assert_int_equal(poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, 0), 0);
	kill(pid, SIGKILL);
	assert_int_equal(poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, 5000), 1);
	waitpid(pid, NULL, 0);
}

struct seen {
	sd_event *ev;
	char      text[256];
	int       ok;
	unsigned  lines;
};

static void on_line(void *ctx, struct view line)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);

	s->lines++;
	snprintf(s->text + at, sizeof s->text - at, "%s;", test_text(line));
}

static void on_end(void *ctx, bool ok)
{
	struct seen *s = ctx;

	s->ok = ok;
	sd_event_exit(s->ev, 0);
}

static struct seen run(const char *script, unsigned limit_ms)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct seen s = { .ok = -1 };
	struct job *job = NULL;
	sigset_t set;
	struct err e;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	assert_true(sd_event_new(&s.ev) >= 0);
	assert_int_equal(job_run(s.ev, &(struct job_start) { .argv = argv, .limit_ms = limit_ms, .on_line = on_line, .on_end = on_end, .ctx = &s }, &job, &e), 0);
	assert_true(sd_event_loop(s.ev) >= 0);
	assert_null(job);
	sd_event_unref(s.ev);
	return s;
}

static void test_job_reports_then_ends(void **state)
{
	struct seen s = run("echo id=1; printf 'pid='; sleep 0.05; echo 2; printf 'no end of line'", 0);

	(void) state;
	assert_string_equal(s.text, "id=1;pid=2;");
	assert_int_equal(s.ok, 1);
	assert_int_equal(run("exit 3", 0).ok, 0);
	assert_int_equal(run("kill -9 $$", 0).ok, 0);
	assert_int_equal(run("exec >&-; sleep 0.05", 0).ok, 1);
}

static void test_job_that_talks_too_much(void **state)
{
	struct seen s = run("yes 0123456789 | head -c 300000 | tr -d '\\n'; echo; echo last=1", 0);

	(void) state;
	assert_int_equal(s.ok, 1);
	s = run("yes 0123456789 | head -n 30000", 0);
	assert_int_equal(s.lines, 30000);
}

static void test_job_has_a_limit(void **state)
{
	long start = clock_ms();

	(void) state;
	assert_int_equal(run("exec sleep 20", 100).ok, 0);
	assert_true(clock_ms() - start < 5000);
}

static void test_job_that_cannot_run(void **state)
{
	const char *argv[] = { "/nonexistent", NULL };
	struct job *job = NULL;
	sd_event *ev = NULL;
	struct err e;

	(void) state;
	assert_true(sd_event_new(&ev) >= 0);
	assert_int_equal(job_run(ev, &(struct job_start) { .argv = argv, .on_line = on_line, .on_end = on_end }, &job, &e), -ENOENT);
	assert_null(job);
	job_cancel(&job);
	sd_event_unref(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_process_of_another_cgroup), TEST(test_end_is_seen), TEST(test_job_reports_then_ends),
		TEST(test_job_that_talks_too_much), TEST(test_job_has_a_limit), TEST(test_job_that_cannot_run),
	};

	return RUN("process", tests);
}
