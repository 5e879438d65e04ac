/* `show`: what `config` would change, one diff for each file. Nothing is written. */
#ifndef BOOTSTRAP_SHOW_H
#define BOOTSTRAP_SHOW_H

#include "bootstrap/changes.h"
#include "bootstrap/config.h"
#include "common/buf.h"

/* Appends the diffs of all files, secrets masked; nothing if config would leave all as it is. 0 or negative. Pure. */
int show_diffs(const struct changes *c, struct buf *b, struct err *e) MUST_CHECK;

/* The same as JSON, with where the user data came from, what became of each section, and the warnings. 0 or negative. Pure. */
int show_report(const struct config_report *r, const struct changes *c, struct buf *b, struct err *e) MUST_CHECK;

#endif
