/* The known name that somebody probably meant. */
#ifndef BOOTSTRAP_NEAREST_H
#define BOOTSTRAP_NEAREST_H

#include <stddef.h>

/*
 * The one of n names closest to name by insertions, deletions, replacements, swaps and changes of case, or NULL if none is
 * closer than about a third of its length. stride: bytes from one const char * to the next, so that a table of rows will do.
 */
const char *nearest_name(const char *name, const void *names, size_t n, size_t stride);

#endif
