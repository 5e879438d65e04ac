/* Sockets in a task's network namespace, made by a program that itself stays where names and credentials are. */
#ifndef EFS_TUNNEL_NETNS_H
#define EFS_TUNNEL_NETNS_H

#include "common/err.h"

struct netns {
	int task, home; /* -1: sockets are made where we are */
};

/* path: of a namespace, such as /proc/PID/ns/net; empty: none. It stays open, so that it outlives the process it was named after. */
int netns_open(const char *path, struct netns *ret, struct err *e) MUST_CHECK;
void netns_done(struct netns *n);

/*
 * socket(2) in there, non-blocking and close-on-exec: the descriptor, or a negative errno. Only this thread goes there, and
 * it comes back; if it could not, the program ends, for nothing that it does next would be right.
 */
int netns_socket(const struct netns *n, int family) MUST_CHECK;

#endif
