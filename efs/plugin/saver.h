/*
 * Writes the state file in a thread of its own, so that a slow disk keeps no request waiting that does not need it. The
 * only thread beside the loop; it sees nothing but the bytes it is given.
 */
#ifndef EFS_PLUGIN_SAVER_H
#define EFS_PLUGIN_SAVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

struct saver;

/* path, below root (which must stay open), is written with mode 0600. The thread starts at once. */
int saver_new(int root, const char *path, struct saver **ret, struct err *e) MUST_CHECK;

/* Writes what is still due and ends the thread. */
void saver_freep(struct saver **s);

/* Readable when a write has ended: then saver_taken says which. */
int saver_fd(const struct saver *s);

/* Whether it has nothing to do. Only then may it be given the next. */
bool saver_idle(struct saver *s);

/* Takes the bytes over; number is the caller's and comes back. */
void saver_put(struct saver *s, struct buf *text, uint64_t number);

/* After saver_fd was readable: the number of the last write that has ended, and how. 0, or negative with the sentence. */
int saver_taken(struct saver *s, uint64_t *ret_number, struct err *e) MUST_CHECK;

#endif
