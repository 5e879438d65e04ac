/*
 * Failures that cost much (a load that Docker refuses, a download that nobody signed), remembered in /run/ecs: systemd
 * starts a failed unit again after three seconds, and would stream the same 80 MB again each time.
 */
#ifndef INIT_ENGINE_DAMPER_H
#define INIT_ENGINE_DAMPER_H

#include "common/view.h"

#define PATH_DAMPER "/run/ecs/image-failure"

/* text: what damper_note wrote. How long to wait before subject may be tried again; 0: at once. Pure. */
unsigned damper_wait_ms(struct view text, const char *subject, long now_ms);

/* Sleeps as long as that, saying why in STATUS=. */
void damper_hold(int root, const char *subject);

/* subject failed once more: 5 s, doubled up to 5 minutes. Another subject starts afresh. Failing to write it down is no failure. */
void damper_note(int root, const char *subject);
void damper_clear(int root);

#endif
