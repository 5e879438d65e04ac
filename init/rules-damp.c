#include "common/backoff.h"
#include "init/rules-damp.h"

static const struct backoff retries = { .first_ms = DAMP_RETRY_MS, .max_ms = DAMP_RETRY_MAX_MS };

/* A bucket that leaks one drop every `every` ms, kept as the time when it will be empty. */
static void pour(long *until, long now, long every)
{
	*until = (*until > now ? *until : now) + every;
}

static bool is_full(long until, long now, long every, long drops)
{
	return until - now > every * (drops - 1);
}

static long later(long a, long b)
{
	return a > b ? a : b;
}

unsigned damp_delay_ms(const struct damp *d, long now)
{
	long ms = DAMP_SETTLE_MS;

	if (is_full(d->checks_until, now, DAMP_CHECK_EVERY_MS, DAMP_CHECKS))
		ms = d->checks_until - now - (long) DAMP_CHECK_EVERY_MS * (DAMP_CHECKS - 1);
	if (d->hold_ms > 0)
		ms = later(ms, d->last_repair + d->hold_ms - now);
	return (unsigned) later(ms, DAMP_SETTLE_MS);
}

void damp_checked(struct damp *d, long now)
{
	pour(&d->checks_until, now, DAMP_CHECK_EVERY_MS);
	d->failures = 0;
}

enum damp_tell damp_repaired(struct damp *d, long now)
{
	bool full = is_full(d->repairs_until, now, DAMP_REPAIR_EVERY_MS, DAMP_REPAIRS);

	if (d->hold_ms == 0 && d->repairs_until <= now) {
		d->repairs = 0;
		d->begun = now;
	}
	if (!full)
		pour(&d->repairs_until, now, DAMP_REPAIR_EVERY_MS);
	d->repairs++;
	d->last_repair = now;
	if (d->hold_ms > 0) {
		d->hold_ms = d->hold_ms > DAMP_HOLD_MAX_MS / 2 ? DAMP_HOLD_MAX_MS : d->hold_ms * 2;
		return DAMP_TELL_NOTHING;
	}
	if (!full)
		return DAMP_TELL_REPAIR;
	d->hold_ms = DAMP_HOLD_MS;
	return DAMP_TELL_FIGHT;
}

unsigned damp_failed(struct damp *d)
{
	if (d->failures < DAMP_FAILURES)
		d->failures++;
	return d->failures < DAMP_FAILURES ? backoff_ms(&retries, d->failures, 0) : 0;
}

unsigned damp_quiet_ms(const struct damp *d, long now)
{
	long quiet = later(DAMP_QUIET_MS, 2L * d->hold_ms);

	return d->hold_ms > 0 ? (unsigned) later(d->last_repair + quiet - now, 1) : 0;
}

bool damp_over(struct damp *d, long now)
{
	if (d->hold_ms == 0 || now - d->last_repair < later(DAMP_QUIET_MS, 2L * d->hold_ms))
		return false;
	d->hold_ms = 0;
	d->repairs_until = 0;
	return true;
}
