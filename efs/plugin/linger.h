/*
 * Umounts whose mount is gone and who have not ended: the kernel makes the last one who lets go of a file system wait for
 * its server, and one that is dead answers nobody. Their work is done; they are only watched until they end.
 */
#ifndef EFS_PLUGIN_LINGER_H
#define EFS_PLUGIN_LINGER_H

#include "efs/plugin/command.h"

/* Takes c over. At kill_at (of clock_ms) it is killed; until then it may have data to bring to the server. */
void linger_add(struct command **list, struct command *c, long kill_at);

void linger_reap(struct command **list);            /* after SIGCHLD: those that have ended are forgotten */
long linger_next(const struct command *list);       /* the first kill_at; -1: none */
unsigned linger_kill(struct command *list, long now); /* kills those whose time has come: how many */
void linger_leave(struct command **list);           /* at the end of the program: they go on by themselves */

#endif
