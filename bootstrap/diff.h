/* Two texts as a unified diff, with a say in how each line is shown. */
#ifndef BOOTSTRAP_DIFF_H
#define BOOTSTRAP_DIFF_H

#include "common/buf.h"
#include "common/view.h"

/* Appends one line, without its end, as it may be shown. 0 or negative. */
typedef int show_line_fn(struct view line, struct buf *b);

/*
 * Appends what turns before into after, three lines around each change; nothing if they are the same. The shortest such
 * diff, but where more than a few thousand lines differ, those are all taken away and all put in. 0, -EMSGSIZE, -ENOMEM.
 */
int diff_unified(struct view before, struct view after, const char *old_name, const char *new_name, show_line_fn *show, struct buf *b)
	MUST_CHECK;

#endif
