/*
 * Words to the service manager: sd_notify(3) without libsystemd, for the short-lived programs. Loading that library and
 * those behind it costs them as much as all their own work; the protocol, one datagram, is documented and stable.
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include "common/attr.h"

/* "VARIABLE=VALUE" lines, as in sd_notify(3). Nothing happens where NOTIFY_SOCKET is not set, and failures are nobody's business. */
void notify(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The same with a text that is whole already. May be called by a signal handler while nobody changes the environment. */
void notify_text(const char *text);

#endif
