#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/efs-cause.h"
#include "common/file.h"
#include "common/spawn.h"
#include "efs/plugin/command.h"

static int set_files(posix_spawn_file_actions_t *fa, int out)
{
	int r = posix_spawn_file_actions_addopen(fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(fa, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(fa, out, STDERR_FILENO);
	return r;
}

static int spawn(const char *const *argv, int out, pid_t *ret_pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int r;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return -ENOMEM;
	/* In a group of its own, so that a deadline reaches the helper and what it has started. */
	r = spawn_attributes(&attr, true);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return -r;
	}
	r = set_files(&fa, out);
	if (r == 0)
		r = posix_spawnp(ret_pid, argv[0], &fa, &attr, (char *const *) argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return -r;
}

int command_start(const char *const *argv, struct command **ret, struct err *e)
{
	struct command *c = calloc(1, sizeof *c);
	int out[2], r;

	if (!c)
		return err_set(e, -ENOMEM, "run '%s'", argv[0]);
	*c = (struct command) { .fd = -1, .said.limit = COMMAND_SAID_MAX };
	if (pipe2(out, O_CLOEXEC) < 0) {
		r = -errno;
		free(c);
		return err_set(e, r, "run '%s'", argv[0]);
	}
	c->fd = out[0];
	r = fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : spawn(argv, out[1], &c->pid);
	fd_closep(&out[1]);
	if (r < 0) {
		command_freep(&c);
		return err_set(e, r, "run '%s'", argv[0]);
	}
	*ret = c;
	return 0;
}

void command_read(struct command *c)
{
	char chunk[4096];
	ssize_t n;

	/* no more than a pipe's worth at once: a helper that floods must not keep the others waiting */
	for (int i = 0; c->fd >= 0 && i < 16; i++) {
		n = read(c->fd, chunk, sizeof chunk);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			fd_closep(&c->fd);
			return;
		}
		if ((size_t) n > COMMAND_SAID_MAX - c->said.len)
			n = (ssize_t) (COMMAND_SAID_MAX - c->said.len);
		(void) !buf_add(&c->said, chunk, (size_t) n); /* without memory there are fewer words */
	}
}

bool command_reap(struct command *c)
{
	pid_t got;

	if (c->ended)
		return true;
	got = waitpid(c->pid, &c->status, WNOHANG);
	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	if (got < 0)
		c->status = 1 << 8; /* somebody else has reaped it: taken for a failure */
	c->ended = true;
	/* not until the end of the file: a daemon that it has started may hold the pipe for ever */
	command_read(c);
	fd_closep(&c->fd);
	return true;
}

void command_kill(struct command *c, int number)
{
	if (!c->ended)
		(void) kill(-c->pid, number);
}

bool command_worked(const struct command *c)
{
	return c->ended && WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0;
}

void command_freep(struct command **c)
{
	if (!*c)
		return;
	fd_closep(&(*c)->fd);
	buf_done(&(*c)->said);
	free(*c);
	*c = NULL;
}

/* ---- words */

/* Runs of blanks and line ends become one blank; what does not belong in a log line becomes '?'. Bytes written. */
static size_t put_clean(struct view said, char *text, size_t size)
{
	size_t n = 0;

	said = view_trim(said);
	for (size_t i = 0; i < said.len && n + 1 < size; i++) {
		unsigned char c = (unsigned char) said.p[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			if (n > 0 && text[n - 1] != ' ')
				text[n++] = ' ';
		} else {
			text[n++] = c > ' ' && c < 0x7f ? (char) c : '?';
		}
	}
	text[n] = '\0';
	return n;
}

static void put_ending(const struct command *c, unsigned late, char *text, size_t size)
{
	if (late)
		snprintf(text, size, "it has not ended within %u s and was killed", late);
	else if (WIFSIGNALED(c->status))
		snprintf(text, size, "it was ended by signal %d (%s)", WTERMSIG(c->status), strsignal(WTERMSIG(c->status)));
	else if (!c->said.len)
		snprintf(text, size, "exit status %d, and not a word", WEXITSTATUS(c->status));
	else
		text[0] = '\0';
}

void command_explain(const struct command *c, unsigned late, char *text, size_t size)
{
	/* our own helper names the cause itself */
	const char *hint = view_starts(buf_view(&c->said), "mount.efs: ") ? "" : efs_cause(buf_view(&c->said), EFS_WAY_UNKNOWN, false);
	char ending[128];
	size_t n;

	put_ending(c, late, ending, sizeof ending);
	/* the end and the hint are short and say more than the rest of a long output */
	n = strlen(ending) + strlen(hint) + 8;
	n = put_clean(buf_view(&c->said), text, size > n ? size - n : size);
	if (ending[0])
		n += (size_t) snprintf(text + n, size - n, "%s%s", n ? "; " : "", ending);
	if (hint[0] && n < size)
		snprintf(text + n, size - n, " (%s)", hint);
}
