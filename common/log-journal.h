/* One record for systemd-journald, in its native protocol: a datagram of NAME=value lines. No library is needed for that. */
#ifndef COMMON_LOG_JOURNAL_H
#define COMMON_LOG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal_field {
	const char *name; /* capitals, digits, underscores */
	char        value[80];
};

/* Whether systemd reads our standard error: device and inode of its stream stand in JOURNAL_STREAM (systemd.exec(5)). */
bool journal_reads_stderr(void);

/*
 * The record as it is sent. text and the values hold no line ends. Returns its length, or -EMSGSIZE if it does not fit
 * into size. Pure.
 */
int journal_record(char *to, size_t size, int level, const char *program, const char *text, const struct journal_field *fields,
		   size_t n) MUST_CHECK;

/* Sends a record to the journal below root; never waits. 0 or a negative errno, then it is for the caller to say it elsewhere. */
int journal_send(int root, const char *record, size_t len) MUST_CHECK;

#endif
