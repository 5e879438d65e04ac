#include <stdint.h>
#include <stdio.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/paths.h"
#include "init/engine/damper.h"
#include "init/engine/engine.h"

static const struct backoff pace = { .first_ms = 5000, .max_ms = 300000 };

/* "FAILURES MILLISECONDS SUBJECT"; 0 failures when it is about something else or is none of ours. */
static unsigned failures_of(struct view text, const char *subject, uint64_t *ret_at)
{
	uint64_t count = 0;
	struct view n = view_cut(&text, ' '), at = view_cut(&text, ' ');

	if (parse_u64(n, 1000, &count) < 0 || parse_u64(at, INT64_MAX, ret_at) < 0 || !view_is(view_trim(text), subject))
		return 0;
	return (unsigned) count;
}

unsigned damper_wait_ms(struct view text, const char *subject, long now_ms)
{
	uint64_t at = 0;
	unsigned count = failures_of(text, subject, &at);
	uint64_t until = at + (count > 0 ? backoff_ms(&pace, count, 0) : 0), now = (uint64_t) now_ms;

	return count > 0 && until > now && at <= now ? (unsigned) (until - now) : 0;
}

static struct view read_note(int root, struct buf *b)
{
	struct err unused;

	return file_read(root, PATH_DAMPER, 512, b, &unused) == 0 ? buf_view(b) : view_of("");
}

void damper_hold(int root, const char *subject)
{
	AUTO_BUF b = { 0 };
	unsigned ms = damper_wait_ms(read_note(root, &b), subject, clock_ms());

	if (ms == 0)
		return;
	engine_status("Waiting %u s before the agent's image is tried again: it failed before, and the log says why", (ms + 999) / 1000);
	log_info("the agent's image failed before and is tried again in %u s", (ms + 999) / 1000);
	clock_sleep_ms(ms);
}

void damper_note(int root, const char *subject)
{
	AUTO_BUF b = { 0 };
	uint64_t at = 0;
	unsigned count = failures_of(read_note(root, &b), subject, &at);
	char text[512];
	struct err unused;
	int n = snprintf(text, sizeof text, "%u %ld %s\n", count < 100 ? count + 1 : count, clock_ms(), subject);

	if (dir_make(root, PATH_RUN_DIR, 0755, &unused) == 0)
		(void) !file_replace(root, PATH_DAMPER, text, (size_t) n, 0600, &unused);
}

void damper_clear(int root)
{
	struct err unused;

	(void) !file_remove(root, PATH_DAMPER, &unused);
}
