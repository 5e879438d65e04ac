/* Words as the kernel and fstab(5) write them: blanks and the like as \ooo. Pure. */
#ifndef BOOTSTRAP_PROC_TEXT_H
#define BOOTSTRAP_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/view.h"

/* Cuts the blanks at its begin and then the next word off a line; empty at its end. */
struct view proc_word(struct view *line);

/* Terminates to. false: too long, empty, or a NUL in it. */
bool proc_unescape(struct view word, char *to, size_t size);

/* Adds text as one word of fstab(5). 0, -EMSGSIZE, -ENOMEM. */
int proc_escape(struct buf *b, const char *text) MUST_CHECK;

/* Whether something is mounted at path, by the text of /proc/self/mountinfo. */
bool mountinfo_has(struct view mountinfo, const char *path);

#endif
