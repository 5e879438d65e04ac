/* A reload as ExecReload= sees it: ask the supervisor for it, wait until it says what came of it. */
#ifndef INIT_RELOAD_H
#define INIT_RELOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/*
 * Sends SIGHUP to the supervisor and waits for its word. 0: the agent that runs is what the configuration says; -ECANCELED:
 * it is not, the supervisor's own messages say why; -ETIMEDOUT after a minute and a half, so long as Docker is waited for;
 * -ESRCH and the like if it cannot be asked.
 */
int reload_ask(int root, pid_t supervisor, struct err *e) MUST_CHECK;

/* The supervisor's word, in a file of /run/ecs that reload_ask takes away before. */
int reload_answer(int root, bool done, struct err *e) MUST_CHECK;

#endif
