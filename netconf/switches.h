/* The operator's switches that change the rules: from the environment, else from the two files ecs.config. */
#ifndef NETCONF_SWITCHES_H
#define NETCONF_SWITCHES_H

#include "common/buf.h"
#include "common/err.h"
#include "netconf/rules.h"

/* As getenv(3): a service manager reads the files itself and may know more than they say. */
typedef const char *switches_env(const char *name);

/*
 * Sets the switches in *nc; bridge stays. What cannot be read or understood counts as "no", the stricter rules, and is
 * told by one line each in *warnings. 0 or -ENOMEM.
 */
int switches_load(int root, switches_env *env, struct netconf *nc, struct buf *warnings, struct err *e) MUST_CHECK;

#endif
