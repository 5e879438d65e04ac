/* Our environment as systemd makes it from the agent's two env files, made anew when they have changed. */
#ifndef INIT_ENVIRONMENT_H
#define INIT_ENVIRONMENT_H

#include "common/buf.h"
#include "common/err.h"

/* The names that stand in the environment because of the files, each with its NUL. Starts as zeros; buf_done. */
struct environment {
	struct buf names;
};

/*
 * At start: notes the names that the files give. The environment is left as systemd made it. A file that cannot be read
 * gives none.
 */
void environment_note(int root, struct environment *env);

/*
 * Takes out what the files gave before and puts in what they give now, the instance's first, as EnvironmentFile= does. Of
 * its quoting (systemd.exec(5)) one pair of quotes around a whole value is known. Negative (unreadable, over 128 KiB, which
 * no program could be started with): nothing has changed.
 */
int environment_refresh(int root, struct environment *env, struct err *e) MUST_CHECK;

#endif
