/* The agent's main process, watched by pidfd: its end is seen even while dockerd is away, and no pid can be mistaken. */
#ifndef INIT_PROCESS_H
#define INIT_PROCESS_H

#include <sys/types.h>

#include "common/err.h"

enum {
	PROCESS_GONE = 1,  /* it has ended already */
	PROCESS_UNSURE = 2, /* it cannot be told that the process is the container's, or this kernel has no pidfd: ask Docker instead */
};

/*
 * Opens a pidfd and makes sure that it is a process of that container: its cgroup path holds the container's id (Docker
 * names it so with both cgroup drivers), so that a pid that was given away again is not taken for it. 0 and *ret_fd, which becomes readable when the process ends; the caller closes it.
 */
int process_open(pid_t pid, const char *container_id, int *ret_fd, struct err *e) MUST_CHECK;

#endif
