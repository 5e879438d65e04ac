/* A stand-in server of tests/fakes as a child of a unit test: it dies with the test, whatever ends that. */
#ifndef TESTS_UNIT_STAND_IN_H
#define TESTS_UNIT_STAND_IN_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

struct stand_in {
	pid_t pid;
	char  url[64];
};

/* argv: script and its arguments behind `--listen 127.0.0.1:0`. */
static inline void stand_in_start(struct stand_in *s, const char *const *argv)
{
	const char *all[32] = { "/usr/bin/python3", argv[0], "--listen", "127.0.0.1:0" };
	char line[128] = "";
	int pipes[2];
	FILE *out;

	for (size_t i = 1; argv[i] && i < 27; i++)
		all[i + 3] = argv[i];
	assert_int_equal(pipe(pipes), 0);
	s->pid = fork();
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], STDOUT_FILENO);
		close(pipes[0]);
		execv(all[0], (char *const *) all);
		_exit(127);
	}
	close(pipes[1]);
	out = fdopen(pipes[0], "r");
	if (!out || !fgets(line, sizeof line, out) || sscanf(line, "listening on %63s", s->url) != 1)
		fail_msg("%s did not start: %s", argv[0], line);
	fclose(out);
}

static inline void stand_in_stop(struct stand_in *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
}

#define AUTO_STAND_IN CLEANUP(stand_in_stop) struct stand_in

#endif
