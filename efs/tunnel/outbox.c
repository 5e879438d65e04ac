#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "efs/tunnel/outbox.h"

size_t outbox_len(const struct outbox *o)
{
	return o->tail - o->head;
}

void outbox_done(struct outbox *o)
{
	free(o->p);
	o->p = NULL;
	o->head = o->tail = 0;
}

int outbox_send(struct outbox *o)
{
	while (o->head < o->tail) {
		ssize_t n = send(o->fd, o->p + o->head, o->tail - o->head, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		if (n > 0)
			o->head += (size_t) n;
	}
	outbox_done(o);
	return 0;
}

int outbox_add(struct outbox *o, const void *data, size_t n)
{
	int r;

	if (n > OUTBOX_SIZE)
		return -EMSGSIZE;
	if (n > OUTBOX_SIZE - o->tail && (r = outbox_send(o)) < 0)
		return r;
	if (!o->p && !(o->p = malloc(OUTBOX_SIZE)))
		return -ENOMEM;
	memcpy(o->p + o->tail, data, n);
	o->tail += n;
	return 0;
}
