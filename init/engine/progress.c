#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "init/engine/engine.h"
#include "init/engine/progress.h"

enum { BAR_WIDTH = 30, BAR_MS = 200, STATUS_MS = 1000 };

#define CLEAR_LINE "\r\033[K"

void progress_text(char *ret, size_t size, uint64_t have, uint64_t whole, uint64_t came, long ms)
{
	double speed = ms > 0 ? (double) came / 1e3 / (double) ms : 0;
	int n = 0;

	ret[0] = '\0';
	if (whole > 0)
		n = snprintf(ret, size, "%u %%, %llu of %llu MB", (unsigned) (have * 100 / whole), (unsigned long long) have / 1000000,
			     (unsigned long long) whole / 1000000);
	else
		n = snprintf(ret, size, "%llu MB", (unsigned long long) have / 1000000);
	if (ms >= 500 && n > 0 && (size_t) n < size)
		snprintf(ret + n, size - (size_t) n, ", %.1f MB/s", speed);
}

static void draw_bar(uint64_t have, uint64_t whole, const char *text)
{
	int full = whole > 0 ? (int) (have * BAR_WIDTH / whole) : 0;
	char bar[BAR_WIDTH + 1];

	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '#', (size_t) (full < BAR_WIDTH ? full : BAR_WIDTH));
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, CLEAR_LINE "Downloading the agent's image [%s] %s", bar, text);
}

void progress_show(void *ctx, uint64_t have, uint64_t whole)
{
	struct progress *p = ctx;
	long now = clock_ms();
	char text[96];

	if (p->begin_ms == 0 || have < p->begin_bytes) {
		p->terminal = isatty(STDERR_FILENO);
		p->begin_ms = now;
		p->begin_bytes = have;
	} else if (now - p->shown_ms < (p->terminal ? BAR_MS : STATUS_MS)) {
		return;
	}
	p->shown_ms = now;
	progress_text(text, sizeof text, have, whole, have - p->begin_bytes, now - p->begin_ms);
	engine_status("Downloading the agent's image: %s", text);
	if (p->terminal)
		draw_bar(have, whole, text);
}

void progress_wait(void *ctx, const char *why, unsigned ms)
{
	struct progress *p = ctx;

	progress_end(p);
	engine_status("Waiting to download the agent's image: %s; trying again in %u s", why, (ms + 999) / 1000);
	if (strncmp(p->said, why, sizeof p->said - 1) == 0)
		return;
	snprintf(p->said, sizeof p->said, "%s", why);
	log_warn("download the agent's image: %s; trying again", why);
}

void progress_warn(void *ctx, const char *text)
{
	progress_end(ctx);
	log_warn("%s", text);
}

void progress_end(struct progress *p)
{
	if (p->terminal && p->begin_ms != 0)
		fputs(CLEAR_LINE, stderr);
	p->begin_ms = 0;
}
