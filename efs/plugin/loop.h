/* The plugin at work: waits for clients, commands, the saver and signals, until SIGTERM. Logs. */
#ifndef EFS_PLUGIN_LOOP_H
#define EFS_PLUGIN_LOOP_H

#include "common/err.h"

struct loop_options {
	const char *root_dir; /* NULL: / */
	int         root;
	unsigned    mount_limit_ms;
};

/* 0 after an orderly end; negative when it could not begin. */
int loop_run(const struct loop_options *o, struct err *e) MUST_CHECK;

#endif
