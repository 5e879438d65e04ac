/* `status` as text: a table for people, JSON for programs. Both are pure, and append to *b: 0 or as buf_add(). */
#ifndef BOOTSTRAP_STATUS_SHOW_H
#define BOOTSTRAP_STATUS_SHOW_H

#include "bootstrap/status.h"

int status_table(const struct status *s, struct buf *b) MUST_CHECK;
int status_json(const struct status *s, struct buf *b) MUST_CHECK;

#endif
