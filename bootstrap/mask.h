/* Lines of ecs.config as they may be shown: without what may be a secret. */
#ifndef BOOTSTRAP_MASK_H
#define BOOTSTRAP_MASK_H

#include "common/buf.h"
#include "common/view.h"

#define MASK "<hidden>"

/*
 * Appends the line with MASK for the value of a name that speaks of a secret (secret_named), for a JSON value that does,
 * for the user and password of a URL, and for all of a line that is neither NAME=VALUE nor a comment: it may be the rest of
 * a secret. Control characters become blanks. 0 or negative.
 */
int mask_line(struct view line, struct buf *b) MUST_CHECK;

#endif
