/* Settings -> the bytes of ecs.config. Pure: what is there comes in, what shall be there goes out. */
#ifndef BOOTSTRAP_RENDER_H
#define BOOTSTRAP_RENDER_H

#include "bootstrap/settings.h"
#include "common/buf.h"
#include "common/view.h"

/* No '=' in these: Amazon's own reader takes any line with one for a variable. */
#define BLOCK_BEGIN "# BEGIN ecs-bootstrap: written from user data at each boot, do not edit; add your own lines below END"
#define BLOCK_END   "# END ecs-bootstrap"

enum { RENDER_UNCLOSED = 1 }; /* a BEGIN line without its END was found; only that line was taken away */

/* NAME=VALUE lines of the agent's variables. 0, -EMSGSIZE, -ENOMEM. *ret_lines counts them. */
int render_agent(const struct settings *s, struct buf *b, unsigned *ret_lines) MUST_CHECK;

/*
 * The whole new file: our block (none if lines is empty) on top, then every line of old outside earlier blocks of ours,
 * byte for byte, so that what scripts append later comes later and wins. 0, RENDER_UNCLOSED, -EMSGSIZE, -ENOMEM.
 */
int render_config(struct view old, struct view lines, struct buf *b) MUST_CHECK;

#endif
