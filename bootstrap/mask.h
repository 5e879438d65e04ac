/* Lines of ecs.config and of other files as they may be shown: without what may be a secret. */
#ifndef BOOTSTRAP_MASK_H
#define BOOTSTRAP_MASK_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/view.h"

#define MASK "<hidden>"

/*
 * Appends the line with MASK for the value of a name that speaks of a secret (secret_named), for a JSON value that does,
 * for the user and password of a URL, and for all of a line that is neither NAME=VALUE nor a comment: it may be the rest of
 * a secret. Control characters become blanks. 0 or negative.
 */
int mask_line(struct view line, struct buf *b) MUST_CHECK;

/* Appends the line with MASK for the user and password of each URL in it; control characters become blanks. 0 or negative. */
int mask_urls(struct view value, struct buf *b) MUST_CHECK;

/*
 * As mask_line for a line of JSON or of a unit file: MASK for the value of a member that speaks of a secret or holds an '@',
 * which may stand behind a password, and for all of such a line that is no single member. 0 or negative.
 */
int mask_json_line(struct view line, struct buf *b) MUST_CHECK;

/* Whether mask_json_line will do for text: no such value goes on in another line. Where it does not, mask_all will. */
bool mask_json_fits(struct view text);
int mask_all(struct view line, struct buf *b) MUST_CHECK;

#endif
