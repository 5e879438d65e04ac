/* One mount(8) or umount(8): a process group of its own, its words kept, nobody blocked. The caller has the event loop. */
#ifndef EFS_PLUGIN_COMMAND_H
#define EFS_PLUGIN_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

enum { COMMAND_SAID_MAX = 2048 }; /* bytes of output that are kept; the rest is read and dropped */

struct command {
	pid_t      pid;    /* leader of its group */
	int        fd;     /* both outputs, not blocking; -1: closed */
	bool       ended;
	int        status; /* of waitpid(2), once it has ended */
	struct buf said;
	struct command *next;    /* of those that linger: see linger.h */
	long            kill_at;
};

/* argv[0] is looked up in PATH. 0, or the errno of the exec with "run 'mount'": the caller frees *ret with command_freep. */
int command_start(const char *const *argv, struct command **ret, struct err *e) MUST_CHECK;

void command_read(struct command *c);              /* when fd is readable */
bool command_reap(struct command *c);              /* after SIGCHLD: whether it has ended; its last words are read then */
void command_kill(struct command *c, int number);  /* the whole group; nothing once it has ended */
bool command_worked(const struct command *c);      /* exit status 0 */
void command_freep(struct command **c);            /* a child that still runs is left to itself: reap it first */

/*
 * One line: what it said, without line ends and unprintable bytes, how it ended unless it said something, and a hint.
 * late: how many seconds it was given, 0 if it ended in time. Into text, cut to size.
 */
void command_explain(const struct command *c, unsigned late, char *text, size_t size);

#endif
