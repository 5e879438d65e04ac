/* Drop-ins of ours in /etc/systemd/system: rendered, put in place, taken away, and systemd told. */
#ifndef BOOTSTRAP_DROPIN_H
#define BOOTSTRAP_DROPIN_H

#include <stdbool.h>
#include <stddef.h>

#include "bootstrap/apply.h"
#include "common/buf.h"

struct dropin_variable {
	const char *name, *value; /* value NULL: left out. UTF-8 without control characters */
	bool        secret;       /* whoever may ask systemd reads Environment=, so it stands in a file; no quotes or backslashes then */
};

enum { DROPIN_NO_SYSTEMD = 2 }; /* systemd does not run here, so there is nobody to tell */

/* The text of a drop-in that sets these variables, those that are secret by naming file; nothing if all are NULL. Pure. 0, -EMSGSIZE, -ENOMEM. */
int dropin_render(const struct dropin_variable *v, size_t n, const char *file, struct buf *b) MUST_CHECK;

/* The text of that file; nothing if none is secret. Pure. 0, -EMSGSIZE, -ENOMEM. */
int dropin_render_file(const struct dropin_variable *v, size_t n, struct buf *b) MUST_CHECK;

/*
 * Makes UNIT.d/10-ecs-bootstrap-NAME.conf hold text, or, when text is empty, removes it and the folder if that is empty
 * then. 0, APPLY_SAME or negative.
 */
int dropin_set(const struct apply *a, const char *unit, const char *name, struct view text, struct err *e) MUST_CHECK;

/* PID 1 has read its units before we run; this makes it read them again. 0, DROPIN_NO_SYSTEMD or negative. */
int dropin_reload(const struct apply *a, struct err *e) MUST_CHECK;

#endif
