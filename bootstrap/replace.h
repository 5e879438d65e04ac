/* Files of others that we change: new bytes, whole or not at all, with the mode and the owner that they have. */
#ifndef BOOTSTRAP_REPLACE_H
#define BOOTSTRAP_REPLACE_H

#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/* As file_replace(); mode is for a file that is not there yet. 0, FILE_SAME or negative. */
int replace_kept(int root, const char *path, const void *data, size_t len, mode_t mode, struct err *e) MUST_CHECK;

#endif
