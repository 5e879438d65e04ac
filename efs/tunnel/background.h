/*
 * A thread that does one blocking thing whenever it is asked (a name is looked up, a certificate renewed), so that the
 * event loop never waits. Between the question and its end what it works on belongs to it, else to the loop.
 */
#ifndef EFS_TUNNEL_BACKGROUND_H
#define EFS_TUNNEL_BACKGROUND_H

#include <stdbool.h>

#include "common/err.h"

struct background;

/* work(ctx) runs in the thread. The thread stays until the program ends: what blocks in there cannot be called off. */
int background_new(void (*work)(void *ctx), void *ctx, struct background **ret, struct err *e) MUST_CHECK;

int background_fd(const struct background *b);  /* readable once the work is done */
void background_ask(struct background *b);      /* to be called when it is idle only */
bool background_idle(const struct background *b);
bool background_done(struct background *b);     /* true once after each question, when its work is done; idle from then on */

#endif
