/* One run at a time. */
#ifndef NETCONF_LOCK_H
#define NETCONF_LOCK_H

#include "common/err.h"
#include "common/paths.h"

#define NETCONF_LOCK PATH_RUN_DIR "/netconf.lock"

/*
 * Waits at most wait_ms for the lock and gives its descriptor in *ret_fd; closing it gives the lock back. Children
 * inherit the descriptor: if this program is killed, the lock lasts until an iptables-restore it started has ended.
 */
int lock_take(int root, unsigned wait_ms, int *ret_fd, struct err *e) MUST_CHECK;

#endif
