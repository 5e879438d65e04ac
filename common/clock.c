#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "common/clock.h"

long clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clock_sleep_ms(unsigned ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long) (ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

unsigned clock_dice(void)
{
	unsigned dice = 0;

	if (getrandom(&dice, sizeof dice, GRND_NONBLOCK) != sizeof dice)
		dice = (unsigned) clock_ms(); /* early boot: the pool may not be ready yet */
	return dice;
}
