/*
 * What a program says, once, where it is decided what happens next. Only programs call this, never a library function.
 * A line goes to the journal when systemd reads our standard error, with fields of its own (journalctl ECS_VERB=up), else
 * to standard error as "PROGRAM: message"; and in logfmt, the format of Amazon's ecs-init, to a file in /var/log/ecs,
 * which common/log-file.h keeps bounded.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <syslog.h>

#include "common/err.h"

enum { LOG_FIELDS_MAX = 6 };

/* program is printed before each line; file (absolute, below root) may be NULL. A file that cannot be opened is done without. */
void log_open(const char *program, int root, const char *file);

/* level: LOG_DEBUG … LOG_CRIT of syslog.h; what is above the level of ECS_LOGLEVEL (default info) is dropped. */
void log_line(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * A field of all journal records from now on, until value is NULL. name: a constant in capitals, such as "ECS_VERB"; of
 * value at most 79 bytes are kept. Those over LOG_FIELDS_MAX are dropped.
 */
void log_field(const char *name, const char *value);

/* The sentence of e at level error, its code as the journal field ERRNO. */
void log_failure(const struct err *e);

/*
 * Of which unit this program tells, whatever unit has started it: `journalctl -u` and `systemctl status` find its lines there
 * too. Heeded by them for what root sends (journalctl(1)).
 */
#define LOG_UNIT "OBJECT_SYSTEMD_UNIT"

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
