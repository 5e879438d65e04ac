#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "efs/mount/child.h"

/* A child's end is looked for so often: its pipe may stay open in what it has put into the background. */
enum { LOOK_MS = 50, GRACE_MS = 2000 };

static void begin(int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	(void) signal(SIGPIPE, SIG_DFL);
	(void) dup2(null, STDIN_FILENO);
	(void) dup2(out, STDOUT_FILENO);
	(void) dup2(out, STDERR_FILENO);
}

static _Noreturn void be_child(const struct child *c, int out, pid_t parent)
{
	int status;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE); /* it ended before we asked to be told */
	begin(out);
	if (c->netns >= 0 && setns(c->netns, CLONE_NEWNET) < 0) {
		fprintf(stderr, "enter the network namespace: %s\n", strerror(errno));
		_exit(CHILD_NO_NETNS);
	}
	status = c->work(c->ctx);
	(void) fflush(NULL);
	_exit(status);
}

static void drain(int fd, struct buf *said)
{
	char room[4096];
	ssize_t n;

	while ((n = read(fd, room, sizeof room)) > 0)
		if (buf_add(said, room, (size_t) n) < 0)
			continue; /* what does not fit is not needed */
}

/* True once it is reaped. */
static bool wait_until(pid_t pid, int fd, long until, int *ret_raw, struct buf *said)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long left = until - clock_ms();
		bool ended;

		(void) poll(&p, 1, left < 0 ? 0 : left > LOOK_MS ? LOOK_MS : (int) left);
		ended = waitpid(pid, ret_raw, WNOHANG) != 0;
		drain(fd, said);
		if (ended || left <= 0)
			return ended;
		if (p.revents & POLLHUP)
			clock_sleep_ms(1); /* it is about to end */
	}
}

int child_run(const struct child *c, int *ret_status, struct buf *said, struct err *e)
{
	int pipes[2], raw = 0;
	pid_t parent = getpid(), pid;
	AUTO_FD in = -1;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_set(e, -errno, "start a child");
	in = pipes[0];
	(void) fcntl(in, F_SETFL, O_NONBLOCK);
	(void) fflush(NULL);
	pid = fork();
	if (pid == 0)
		be_child(c, pipes[1], parent);
	(void) close(pipes[1]);
	if (pid < 0)
		return err_set(e, -errno, "start a child");
	if (!wait_until(pid, in, c->deadline, &raw, said)) {
		(void) kill(pid, SIGKILL);
		/* one that hangs in the kernel is left to it */
		(void) wait_until(pid, in, clock_ms() + GRACE_MS, &raw, said);
		return err_say(e, -ETIMEDOUT, "no end in time");
	}
	*ret_status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return 0;
}

int child_exec(void *argv)
{
	char *const *words = argv;

	(void) setenv("LC_ALL", "C", 1);
	(void) execvp(words[0], words);
	fprintf(stderr, "run %s: %s\n", words[0], strerror(errno));
	return CHILD_NO_PROGRAM;
}
