#include "common/backoff.h"

unsigned backoff_ms(const struct backoff *b, unsigned failures, unsigned dice)
{
	unsigned ms = b->first_ms;

	while (failures-- > 1 && ms < b->max_ms)
		ms = ms > b->max_ms / 2 ? b->max_ms : ms * 2;
	return ms + (unsigned) ((unsigned long long) ms * (dice % (b->jitter_percent + 1)) / 100);
}
