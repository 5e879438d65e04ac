/* `start`: the event loop around the table of supervisor.h. */
#ifndef INIT_LOOP_H
#define INIT_LOOP_H

#include "common/err.h"

struct loop_options {
	const char *engine;  /* path of amazon-ecs-init */
	const char *netconf; /* path of ecs-netconf */
	const char *root;    /* handed on to both; NULL: / */
	int         root_fd; /* the same, open */
};

/* Supervises until the agent ends for good or a signal asks to stop. Logs. The program's exit status in *ret_status. */
int loop_supervise(const struct loop_options *o, int *ret_status, struct err *e) MUST_CHECK;

#endif
