#include "init/health.h"

bool health_hangs(struct health *h, bool answered)
{
	if (answered) {
		*h = (struct health) { .ever = true };
		return false;
	}
	if (h->missed < HEALTH_MISSES_EVER)
		h->missed++;
	return h->missed >= (h->ever ? HEALTH_MISSES : HEALTH_MISSES_EVER);
}

unsigned health_interval_ms(unsigned timeout_s)
{
	return timeout_s * (1000 / HEALTH_LOOKS);
}
