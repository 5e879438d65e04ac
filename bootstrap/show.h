/* `show`: what `config` would write, as a diff against what is there. Nothing is written. */
#ifndef BOOTSTRAP_SHOW_H
#define BOOTSTRAP_SHOW_H

#include "bootstrap/config.h"
#include "common/buf.h"

/* Appends the diff of ecs.config, secrets masked; nothing if config would leave the file as it is. 0 or negative. Pure. */
int show_config(const struct config_report *r, struct buf *b, struct err *e) MUST_CHECK;

#endif
