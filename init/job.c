#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/spawn.h"
#include "init/job.h"

enum { REPORT_MAX = 16384 };


struct job {
	struct job_start start;
	struct job     **home; /* the owner's pointer */
	pid_t            pid;
	int              fd;
	struct buf       text; /* a line that is not whole yet */
	sd_event_source *child, *io, *timer;
};

static void job_freep(struct job **j)
{
	if (!*j)
		return;
	sd_event_source_disable_unref((*j)->child);
	sd_event_source_disable_unref((*j)->io);
	sd_event_source_disable_unref((*j)->timer);
	fd_closep(&(*j)->fd);
	buf_done(&(*j)->text);
	free(*j);
	*j = NULL;
}

/* Gives every whole line and keeps the rest. */
static void give_lines(struct job *j)
{
	struct view whole = buf_view(&j->text), line;
	size_t n;

	while (whole.len > 0 && whole.p[whole.len - 1] != '\n')
		whole.len--;
	n = whole.len;
	while (view_line(&whole, &line))
		j->start.on_line(j->start.ctx, line);
	buf_drop(&j->text, n);
}

/* Bytes read, 0 at the end of the report, negative errno (-EAGAIN: nothing just now). */
static ssize_t read_report(struct job *j)
{
	char chunk[4096];
	ssize_t n = read(j->fd, chunk, sizeof chunk);

	if (n < 0)
		return -errno;
	(void) !buf_add(&j->text, chunk, (size_t) n); /* a child of ours reports a few lines; what is over the limit is dropped */
	give_lines(j);
	return n;
}

static int on_readable(sd_event_source *s, int fd, uint32_t events, void *ctx)
{
	(void) fd;
	(void) events;
	if (read_report(ctx) == 0)
		(void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
	return 0;
}

static int on_end_of_child(sd_event_source *s, const siginfo_t *si, void *ctx)
{
	struct job *j = ctx;
	struct job_start start = j->start;
	bool ok = si->si_code == CLD_EXITED && si->si_status == 0;

	(void) s;
	while (read_report(j) > 0)
		;
	*j->home = NULL;
	job_freep(&j);
	start.on_end(start.ctx, ok);
	return 0;
}

static int on_limit(sd_event_source *s, uint64_t usec, void *ctx)
{
	struct job *j = ctx;

	(void) s;
	(void) usec;
	(void) kill(j->pid, SIGKILL); /* its end is then reported as any other */
	return 0;
}

/* Everything but standard output is ours. */
static int spawn(const char *const *argv, int out, pid_t *ret_pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int r = spawn_attributes(&attr, false);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_init(&fa);
	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
		if (r == 0)
			r = posix_spawn(ret_pid, argv[0], &fa, &attr, (char *const *) argv, environ);
		posix_spawn_file_actions_destroy(&fa);
	}
	posix_spawnattr_destroy(&attr);
	return -r;
}

static int watch(sd_event *ev, struct job *j)
{
	int r = sd_event_add_child(ev, &j->child, j->pid, WEXITED, on_end_of_child, j);

	if (r >= 0)
		r = sd_event_add_io(ev, &j->io, j->fd, EPOLLIN, on_readable, j);
	if (r >= 0 && j->start.limit_ms > 0)
		r = sd_event_add_time_relative(ev, &j->timer, CLOCK_MONOTONIC, (uint64_t) j->start.limit_ms * 1000, 0, on_limit, j);
	return r < 0 ? r : 0;
}

int job_run(sd_event *ev, const struct job_start *s, struct job **ret, struct err *e)
{
	struct job *j = calloc(1, sizeof *j);
	int out[2] = { -1, -1 }, r = 0;

	if (!j)
		return err_set(e, -ENOMEM, "run '%s'", s->argv[0]);
	*j = (struct job) { .start = *s, .home = ret, .fd = -1, .text.limit = REPORT_MAX };
	if (pipe2(out, O_CLOEXEC) < 0)
		r = -errno;
	j->fd = TAKE_FD(out[0]);
	if (r == 0 && fcntl(j->fd, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	if (r == 0)
		r = spawn(s->argv, out[1], &j->pid);
	fd_closep(&out[1]);
	if (r == 0)
		r = watch(ev, j);
	*ret = j;
	if (r < 0) {
		job_cancel(ret);
		return err_set(e, r, "run '%s'", s->argv[0]);
	}
	return 0;
}

void job_cancel(struct job **j)
{
	if (!*j)
		return;
	if ((*j)->pid > 0) {
		(void) kill((*j)->pid, SIGKILL);
		while (waitpid((*j)->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	job_freep(j);
}
