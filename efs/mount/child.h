/* A piece of work in a child of its own: with a deadline, in another network namespace if need be, gone when we are. */
#ifndef EFS_MOUNT_CHILD_H
#define EFS_MOUNT_CHILD_H

#include "common/buf.h"
#include "common/err.h"

enum {
	CHILD_NO_NETNS = 126,   /* exit status: the namespace could not be entered; it said so */
	CHILD_NO_PROGRAM = 127, /* as a shell has it */
};

struct child {
	int (*work)(void *ctx); /* what it returns is the exit status; what it prints is caught. May exec. */
	void *ctx;
	int   netns;            /* -1: ours */
	long  deadline;         /* clock_ms(); then SIGKILL */
};

/*
 * 0, the exit status in *ret_status (128+signal after a signal) and what was printed appended to *said as far as it fits.
 * -ETIMEDOUT: it was killed. Whoever kills us kills it too; what it has put into the background stays.
 */
int child_run(const struct child *c, int *ret_status, struct buf *said, struct err *e) MUST_CHECK;

/* work for a child: execs ctx, a NULL-terminated const char *const *argv, with PATH and messages in English. */
int child_exec(void *argv);

#endif
