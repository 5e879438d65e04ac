/* Bytes on their way in one direction: a buffer with room for the source and data for the sink, and where the stream ends. Pure. */
#ifndef EFS_TUNNEL_PIPE_H
#define EFS_TUNNEL_PIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "common/view.h"

enum { PIPE_SIZE = 256 << 10 };

struct pipe {
	char  *p;          /* PIPE_SIZE bytes while there is something in it */
	size_t head, tail; /* what is between waits for the sink */
	bool   ended;      /* the source gives no more */
	bool   closed;     /* and the sink has been told so */
};

/* Makes *ret point to room for at least one byte. Its length; 0: full, the source must wait; -ENOMEM. */
long pipe_room(struct pipe *p, char **ret) MUST_CHECK;
void pipe_added(struct pipe *p, size_t n); /* n bytes were written there */

struct view pipe_data(const struct pipe *p); /* what the sink gets next */
void pipe_taken(struct pipe *p, size_t n);   /* n bytes of it were taken; the memory of an empty pipe that rests is given back by pipe_rest */
void pipe_rest(struct pipe *p);
void pipe_done(struct pipe *p);

bool pipe_wants_source(const struct pipe *p); /* bytes of the source have room here */
bool pipe_wants_sink(const struct pipe *p);   /* something is to be said to the sink: bytes or the end */
bool pipe_over(const struct pipe *p);         /* all is said */

#endif
