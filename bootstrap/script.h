/* `apply FILE`: settings in a script whose interpreter we are (#!/usr/bin/ecs-bootstrap apply), when cloud-init runs it. */
#ifndef BOOTSTRAP_SCRIPT_H
#define BOOTSTRAP_SCRIPT_H

#include "common/err.h"

enum {
	SCRIPT_TAKEN = 1,  /* `config` has read the user data of this boot, and this was in it */
	SCRIPT_UNSEEN = 2, /* it is a part of the user data, but `config` could not read that */
};

/*
 * What is to be done with file, a path as the user gave it. 0: it is no part of cloud-init's copy of the user data, so it
 * has to be added to that; or one of the above; or negative, also when nothing in it is ours.
 */
int script_look(int root, const char *file, struct err *e) MUST_CHECK;

#endif
