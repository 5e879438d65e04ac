/* The port on which the NFS client finds a tunnel. Bound once; the mount keeps to it for its whole life. */
#ifndef EFS_TUNNEL_LISTENER_H
#define EFS_TUNNEL_LISTENER_H

#include <stdint.h>

#include "common/err.h"
#include "efs/tunnel/netns.h"

enum { PORT_FIRST = 20049, PORT_LAST = 21048 }; /* as efs-utils */

/* The n-th port to try (0 … PORT_LAST - PORT_FIRST), each once, in an order that the dice make. Pure. */
uint16_t listener_candidate(unsigned dice, unsigned n);

/*
 * Listens on 127.0.0.1 in the namespace. port 0: any free one of the range. 0 and the descriptor, which the caller closes,
 * and *ret_port; -EADDRINUSE and others.
 */
int listener_open(const struct netns *n, uint16_t port, unsigned dice, int *ret_fd, uint16_t *ret_port, struct err *e) MUST_CHECK;

/* The next connection, non-blocking, from this host only. -EAGAIN: none; others (-EMFILE) as accept4(2). No sentence. */
int listener_accept(int fd) MUST_CHECK;

#endif
