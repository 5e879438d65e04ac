/* A connection that has met itself. */
#ifndef COMMON_TCP_H
#define COMMON_TCP_H

#include <stdbool.h>

/*
 * On loopback the kernel may choose as our own port the one that we connect to, if nobody listens there and it lies in
 * ip_local_port_range (51678 does): TCP's simultaneous open then makes a connection of the socket with itself, and who wants to
 * listen there finds the port taken. True if that is so; the next close() then leaves no trace of it.
 */
bool tcp_met_itself(int fd);

#endif
