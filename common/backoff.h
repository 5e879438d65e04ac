/* Delays between tries, as arithmetic: the clock and the dice are the caller's. */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

struct backoff {
	unsigned first_ms, max_ms;
	unsigned jitter_percent; /* at most so much is added */
};

/* The delay after `failures` failures in a row (1 = the first): doubled each time up to max_ms, plus dice % of jitter. */
unsigned backoff_ms(const struct backoff *b, unsigned failures, unsigned dice);

#endif
