/* What distribution this is: os-release(5). */
#ifndef COMMON_OS_RELEASE_H
#define COMMON_OS_RELEASE_H

#include "common/buf.h"
#include "common/err.h"

/* Appends /etc/os-release, or where there is none /usr/lib/os-release, at most 64 KiB. 0, also when neither is there, or negative. */
int os_release_read(int root, struct buf *b, struct err *e) MUST_CHECK;

/* The value of a key without the quotes around it and without blanks at its ends; empty if the key is not there. Pure. */
struct view os_release_value(struct view text, const char *key);

#endif
