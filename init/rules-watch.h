/* Keeps the rules of ecs-netconf there while the supervisor runs: told by the kernel, or by looking. Logs. */
#ifndef INIT_RULES_WATCH_H
#define INIT_RULES_WATCH_H

#include "common/err.h"
#include "init/job.h"

struct rules_watch;

/*
 * Watches nf_tables by netlink and, where rules of ours stand in tables of the older kind, looks at those by a timer.
 * When something that concerns us may have changed, runs `netconf check` and if need be `netconf apply` (copied path;
 * root: for its --root, copied; NULL: /). What was not applied before, or was removed since, is not made.
 * Negative if neither kind can be watched, e.g. without CAP_NET_ADMIN: the caller goes on without. Needs SIGCHLD blocked.
 */
int rules_watch_new(sd_event *ev, const char *netconf, const char *root, struct rules_watch **ret, struct err *e) MUST_CHECK;
void rules_watch_freep(struct rules_watch **w);

#endif
