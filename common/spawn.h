/* Runs one program to its end, with a deadline, its input from a buffer and its output into one. */
#ifndef COMMON_SPAWN_H
#define COMMON_SPAWN_H

#include <spawn.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

struct spawn {
	const char *const *argv;   /* NULL-terminated; argv[0] is looked up in PATH unless it holds a '/' */
	struct view        input;  /* given on its standard input */
	unsigned           deadline_ms; /* 0: SPAWN_DEADLINE_MS; then SIGKILL */
	bool               group;       /* in a process group of its own, which is killed with it */
};

enum { SPAWN_DEADLINE_MS = 30000 };

/*
 * 0 and the exit status in *ret_status (0-255, or 128+signal), standard output and standard error appended to *out and
 * *errors, which have their own limits (what is over is dropped); errors NULL: the child writes to ours. -ENOENT and the like if it cannot be executed,
 * -ETIMEDOUT if it was killed. The child is reaped in every case. What it has left running is not waited for, even if
 * that still has the outputs open.
 */
int spawn_run(const struct spawn *s, int *ret_status, struct buf *out, struct buf *errors, struct err *e) MUST_CHECK;

/* From now on SIGINT, SIGTERM and SIGHUP kill what spawn_run() is running, with its group if it has one, before they end this process. */
void spawn_dies_with_us(void);

/*
 * For posix_spawn: the child starts with default signal dispositions and an empty mask, whatever ours are,
 * and with group in a process group of its own. 0 or a positive
 * errno, as its kind answers; the caller destroys attr after 0.
 */
int spawn_attributes(posix_spawnattr_t *attr, bool group) MUST_CHECK;

#endif
