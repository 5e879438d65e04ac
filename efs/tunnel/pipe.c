#include <errno.h>
#include <stdlib.h>

#include "efs/tunnel/pipe.h"

long pipe_room(struct pipe *p, char **ret)
{
	if (!p->p && !(p->p = malloc(PIPE_SIZE)))
		return -ENOMEM;
	*ret = p->p + p->tail;
	return (long) (PIPE_SIZE - p->tail);
}

void pipe_added(struct pipe *p, size_t n)
{
	p->tail += n;
}

struct view pipe_data(const struct pipe *p)
{
	return (struct view) { p->p ? p->p + p->head : "", p->tail - p->head };
}

/* A buffer that is full has no room before it is empty: it never moves bytes, and the source is read in large pieces. */
void pipe_taken(struct pipe *p, size_t n)
{
	p->head += n;
	if (p->head == p->tail)
		p->head = p->tail = 0;
}

void pipe_rest(struct pipe *p)
{
	if (p->head == p->tail)
		pipe_done(p);
}

void pipe_done(struct pipe *p)
{
	free(p->p);
	p->p = NULL;
	p->head = p->tail = 0;
}

bool pipe_wants_source(const struct pipe *p)
{
	return !p->ended && p->tail < PIPE_SIZE;
}

bool pipe_wants_sink(const struct pipe *p)
{
	return p->head < p->tail || (p->ended && !p->closed);
}

bool pipe_over(const struct pipe *p)
{
	return p->ended && p->closed && p->head == p->tail;
}
