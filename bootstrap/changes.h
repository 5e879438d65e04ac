/*
 * How sections change files: really, or, when the apply is dry, only on paper. `show` is `config` with such a paper, so
 * what it shows cannot differ from what is written.
 */
#ifndef BOOTSTRAP_CHANGES_H
#define BOOTSTRAP_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bootstrap/apply.h"
#include "common/buf.h"

/* One file that would become another one. */
struct change {
	char      *path;
	bool       was, is;            /* there before, there after */
	mode_t     old_mode, mode;
	struct buf before, after;
};

struct changes {
	struct change *list;
	size_t         n;
};

void changes_done(struct changes *c);
#define AUTO_CHANGES CLEANUP(changes_done) struct changes

/* As file_replace, and makes the folder (0755) if there is none. 0, APPLY_SAME: it was so already, or negative. */
int apply_write(const struct apply *a, const char *path, struct view text, mode_t mode, struct err *e) MUST_CHECK;

/* The same for a file that others have a hand in: one that is there keeps its mode and its owner. */
int apply_write_kept(const struct apply *a, const char *path, struct view text, mode_t mode, struct err *e) MUST_CHECK;

/* As file_remove. 0, APPLY_SAME: there was none, or negative. */
int apply_remove(const struct apply *a, const char *path, struct err *e) MUST_CHECK;

#endif
