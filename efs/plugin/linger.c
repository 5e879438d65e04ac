#include <signal.h>

#include "common/file.h"
#include "efs/plugin/linger.h"

void linger_add(struct command **list, struct command *c, long kill_at)
{
	fd_closep(&c->fd); /* nobody wants to know its words any more */
	c->kill_at = kill_at;
	c->next = *list;
	*list = c;
}

static void forget_first(struct command **list)
{
	struct command *c = *list;

	*list = c->next;
	command_freep(&c);
}

void linger_reap(struct command **list)
{
	while (*list) {
		if (command_reap(*list))
			forget_first(list);
		else
			list = &(*list)->next;
	}
}

long linger_next(const struct command *list)
{
	long first = -1;

	for (; list; list = list->next)
		if (list->kill_at >= 0 && (first < 0 || list->kill_at < first))
			first = list->kill_at;
	return first;
}

unsigned linger_kill(struct command *list, long now)
{
	unsigned n = 0;

	for (; list; list = list->next) {
		if (list->kill_at < 0 || now < list->kill_at)
			continue;
		command_kill(list, SIGKILL);
		list->kill_at = -1;
		n++;
	}
	return n;
}

void linger_leave(struct command **list)
{
	while (*list)
		forget_first(list);
}
