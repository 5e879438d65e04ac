/* What must not be shown to anybody, by its name. */
#ifndef BOOTSTRAP_SECRET_H
#define BOOTSTRAP_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/view.h"

/* Whether text names a secret: a password, token, key, credential. *end: where that name ends. */
bool secret_named(struct view text, size_t *end);

#endif
