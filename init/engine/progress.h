/* How a download is seen: a bar on a terminal, STATUS= under systemd, and a line in the log when the cause of waiting changes. */
#ifndef INIT_ENGINE_PROGRESS_H
#define INIT_ENGINE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool     terminal;
	long     begin_ms, shown_ms; /* 0: not yet */
	uint64_t begin_bytes;        /* that were there before; the speed is without them */
	char     said[512];
};

/* The functions of struct download; ctx is a struct progress, zeroed at first. */
void progress_show(void *ctx, uint64_t have, uint64_t whole);
void progress_wait(void *ctx, const char *why, unsigned ms);
void progress_warn(void *ctx, const char *text);
void progress_end(struct progress *p); /* takes the bar away */

/* "34 %, 27 of 80 MB, 5.2 MB/s"; what is not known is left out. ms: the time that `came` bytes took. Pure. */
void progress_text(char *ret, size_t size, uint64_t have, uint64_t whole, uint64_t came, long ms);

#endif
