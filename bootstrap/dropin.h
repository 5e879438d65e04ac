/* Drop-ins of ours in /etc/systemd/system: rendered, put in place, taken away, and systemd told. */
#ifndef BOOTSTRAP_DROPIN_H
#define BOOTSTRAP_DROPIN_H

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

struct dropin_variable {
	const char *name, *value; /* value NULL: left out. UTF-8 without control characters */
};

enum {
	DROPIN_SAME = 1,       /* it was so already */
	DROPIN_NO_SYSTEMD = 2, /* systemd does not run here, so there is nobody to tell */
};

/* The text of a drop-in that sets these variables; nothing if all are NULL. Pure. 0, -EMSGSIZE, -ENOMEM. */
int dropin_render(const struct dropin_variable *v, size_t n, struct buf *b) MUST_CHECK;

/*
 * Makes UNIT.d/10-ecs-bootstrap-NAME.conf hold text (mode 0600: it may hold a password), or, when text is empty, removes
 * it and the folder if that is empty then. 0, DROPIN_SAME or negative.
 */
int dropin_set(int root, const char *unit, const char *name, struct view text, struct err *e) MUST_CHECK;

/* PID 1 has read its units before we run; this makes it read them again. 0, DROPIN_NO_SYSTEMD or negative. */
int dropin_reload(int root, struct err *e) MUST_CHECK;

#endif
