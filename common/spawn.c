#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/spawn.h"


struct child {
	pid_t pid;
	int   in, out, err; /* our ends; -1 when closed */
	int   watch;        /* readable once it has ended; -1 before Linux 5.3 */
	bool  group;
};

static void child_close(struct child *c)
{
	fd_closep(&c->in);
	fd_closep(&c->out);
	fd_closep(&c->err);
	fd_closep(&c->watch);
}

int spawn_attributes(posix_spawnattr_t *attr, bool group)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t all, none;
	int r = posix_spawnattr_init(attr);

	if (r != 0)
		return r;
	sigfillset(&all);
	sigemptyset(&none);
	r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, group ? flags | POSIX_SPAWN_SETPGROUP : flags); /* the group's number: its own */
	if (r != 0)
		posix_spawnattr_destroy(attr);
	return r;
}

static int child_exec(struct child *c, const char *const *argv, int in, int out, int err)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int r = spawn_attributes(&attr, c->group);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_init(&fa);
	if (r != 0) {
		posix_spawnattr_destroy(&attr);
		return -r;
	}
	r = posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&fa, err, STDERR_FILENO);
	if (r == 0)
		r = posix_spawnp(&c->pid, argv[0], &fa, &attr, (char *const *) argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return -r;
}

static int child_start(struct child *c, const char *const *argv, bool own_stderr)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, r;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		r = -errno;
	else
		r = child_exec(c, argv, in[0], out[1], own_stderr ? STDERR_FILENO : err[1]);
	c->in = TAKE_FD(in[1]);
	c->out = TAKE_FD(out[0]);
	c->err = TAKE_FD(err[0]);
	fd_closep(&in[0]);
	fd_closep(&out[1]);
	fd_closep(&err[1]);
	if (r == 0) {
		(void) fcntl(c->in, F_SETFL, O_NONBLOCK);
		c->watch = (int) syscall(SYS_pidfd_open, c->pid, 0);
	}
	return r;
}

static void feed(int *fd, struct view *input)
{
	ssize_t n = input->len > 0 ? write(*fd, input->p, input->len) : 0;

	if (n > 0) {
		input->p += n;
		input->len -= (size_t) n;
	}
	if (input->len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_closep(fd);
}

static void drain(int *fd, struct buf *to)
{
	char chunk[4096];
	ssize_t n = read(*fd, chunk, sizeof chunk);

	if (n > 0 && to)
		(void) !buf_add(to, chunk, (size_t) n); /* over the limit: dropped, as the header says */
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		fd_closep(fd);
}

/* What is in the pipe of one that has ended: no more than a pipe holds, for others may go on to write into it. */
static void drain_rest(int *fd, struct buf *to)
{
	if (*fd >= 0)
		(void) fcntl(*fd, F_SETFL, O_NONBLOCK);
	for (int chunks = 0; *fd >= 0 && chunks < 256; chunks++) {
		struct pollfd p = { .fd = *fd, .events = POLLIN };

		if (poll(&p, 1, 0) <= 0)
			break;
		drain(fd, to);
	}
	fd_closep(fd);
}

/* Feeds and drains until both outputs are closed or it has ended. -ETIMEDOUT when the deadline comes first. */
static int converse(struct child *c, struct view input, long deadline, struct buf *out, struct buf *errors)
{
	while (c->out >= 0 || c->err >= 0) {
		struct pollfd p[] = {
			{ .fd = c->in, .events = POLLOUT }, { .fd = c->out, .events = POLLIN }, { .fd = c->err, .events = POLLIN },
			{ .fd = c->watch, .events = POLLIN },
		};
		long left = deadline - clock_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, ARRAY_LEN(p), (int) left) < 0 && errno != EINTR)
			return -errno;
		if (p[0].revents)
			feed(&c->in, &input);
		if (p[1].revents)
			drain(&c->out, out);
		if (p[2].revents)
			drain(&c->err, errors);
		if (p[3].revents) {
			drain_rest(&c->out, out);
			drain_rest(&c->err, errors);
		}
	}
	return 0;
}

/* Until it has ended or ms are over. Before Linux 5.3 there is no pidfd: then a look each millisecond has to do. */
static void await(pid_t pid, long ms)
{
	AUTO_FD fd = (int) syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		clock_sleep_ms(1);
	else
		(void) poll(&p, 1, (int) ms);
}

/* A child may close its outputs long before it ends, so this waits by the clock too, then kills. */
static int reap(pid_t pid, bool group, long deadline)
{
	int status = 0;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0 && clock_ms() < deadline)
		await(pid, deadline - clock_ms());
	if (got == 0) {
		(void) kill(group ? -pid : pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return -ETIMEDOUT;
	}
	if (got < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static volatile sig_atomic_t running; /* for kill(2): a process, or the negative number of its group; 0: none */

static void on_end(int number)
{
	if (running != 0)
		(void) kill((pid_t) running, SIGKILL);
	(void) raise(number); /* it is blocked here, and has its default action again */
}

void spawn_dies_with_us(void)
{
	struct sigaction on = { .sa_handler = on_end, .sa_flags = (int) SA_RESETHAND };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		(void) sigaction(numbers[i], &on, NULL);
}

int spawn_run(const struct spawn *s, int *ret_status, struct buf *out, struct buf *errors, struct err *e)
{
	struct child c = { .pid = 0, .in = -1, .out = -1, .err = -1, .watch = -1, .group = s->group };
	void (*old_pipe)(int);
	long deadline = clock_ms() + (s->deadline_ms ? s->deadline_ms : SPAWN_DEADLINE_MS);
	int r = child_start(&c, s->argv, !errors), status;

	if (r < 0) {
		child_close(&c);
		return err_set(e, r, "run '%s'", s->argv[0]);
	}
	running = s->group ? -c.pid : c.pid;
	old_pipe = signal(SIGPIPE, SIG_IGN); /* a child that closes its input early is its own affair */
	r = converse(&c, s->input, deadline, out, errors);
	(void) signal(SIGPIPE, old_pipe);
	child_close(&c);
	status = reap(c.pid, s->group, r < 0 ? 0 : deadline);
	running = 0;
	if (r < 0 || status < 0)
		return err_set(e, r < 0 ? r : status, "run '%s'", s->argv[0]);
	*ret_status = status;
	return 0;
}
