/* `parts`: what was found in user data, for people and for programs. */
#ifndef BOOTSTRAP_PARTS_H
#define BOOTSTRAP_PARTS_H

#include "cloud-init/userdata.h"
#include "common/buf.h"
#include "common/err.h"

/* Append a table with a line for each part, or one JSON document; bodies are given by length and SHA-256 only. */
int parts_table(const struct userdata *u, struct buf *ret, struct err *e) MUST_CHECK;
int parts_json(const struct userdata *u, struct buf *ret, struct err *e) MUST_CHECK;

#endif
