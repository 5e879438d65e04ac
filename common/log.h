/*
 * What a program says, once, where it is decided what happens next. Only programs call this, never a library function.
 * A line goes to standard error ("PROGRAM: message", or "<priority>message" when systemd reads it) and in logfmt,
 * the format of Amazon's ecs-init, to a file in /var/log/ecs that is kept under LOG_FILE_MAX bytes, one old one beside it.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <syslog.h>

#include "common/attr.h"

enum { LOG_FILE_MAX = 8 << 20 };

/* program is printed before each line; file (absolute, below root) may be NULL. A file that cannot be opened is done without. */
void log_open(const char *program, int root, const char *file);

/* level: LOG_DEBUG … LOG_CRIT of syslog.h; what is above the level of ECS_LOGLEVEL (default info) is dropped. */
void log_line(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
