/* Bytes that gather until they are sent together: a system call for each TLS record would cost more than its encryption. */
#ifndef EFS_TUNNEL_OUTBOX_H
#define EFS_TUNNEL_OUTBOX_H

#include <stddef.h>

#include "common/attr.h"

enum { OUTBOX_SIZE = 256 << 10 };

struct outbox {
	int    fd; /* a socket that does not block; not owned */
	char  *p;  /* while there is something in it */
	size_t head, tail;
};

size_t outbox_len(const struct outbox *o);

/* All of n bytes or none: 0, -EAGAIN (no room, the socket takes no more either), -ENOMEM, or as send(2). */
int outbox_add(struct outbox *o, const void *data, size_t n) MUST_CHECK;

/* 0 all is sent, -EAGAIN, or as send(2). */
int outbox_send(struct outbox *o) MUST_CHECK;

void outbox_done(struct outbox *o);

#endif
