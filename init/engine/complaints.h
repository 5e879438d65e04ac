/* What is wrong with the settings of agent and supervisor: each would else be dropped without a word. */
#ifndef INIT_ENGINE_COMPLAINTS_H
#define INIT_ENGINE_COMPLAINTS_H

#include "init/engine/host.h"

enum { COMPLAINTS_MAX = 8 << 10 };

/*
 * One sentence a line, appended to *lines; those over COMPLAINTS_MAX bytes are left out. Values are never named: they may
 * be secrets. Pure but for the switches, which may stand in the environment.
 */
void host_complaints(const struct host *h, struct buf *lines);

#endif
