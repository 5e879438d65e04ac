/* The file that a user names on the command line. */
#ifndef BOOTSTRAP_INPUT_H
#define BOOTSTRAP_INPUT_H

#include "common/buf.h"
#include "common/err.h"

/* Appends all of path ("-": standard input; a pipe will do) to *b. -EMSGSIZE over limit bytes. */
int input_read(const char *path, size_t limit, struct buf *b, struct err *e) MUST_CHECK;

#endif
