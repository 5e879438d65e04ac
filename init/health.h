/* Whether an agent that runs is alive, judged by whether its introspection port answers. Arithmetic only; probe.c asks. */
#ifndef INIT_HEALTH_H
#define INIT_HEALTH_H

#include <stdbool.h>

enum {
	HEALTH_MISSES = 3,        /* looks in a row without an answer, for one that has answered before */
	HEALTH_MISSES_EVER = 23,  /* for one that never has: it may wait for the network or for ECS itself, six times as long */
	HEALTH_LOOKS = HEALTH_MISSES + 1, /* a look is judged at the next one, so that so many make one configured time */
};

/* What is remembered of one run of the agent. Starts as zeros. */
struct health {
	bool     ever;   /* it has answered */
	unsigned missed; /* looks in a row that it did not */
};

/*
 * Counts one look. True: it hangs. Looks are counted and not seconds, so that a host that was suspended or too busy to look
 * does not make its agent look dead. Goes on to be true at each further look without an answer.
 */
bool health_hangs(struct health *h, bool answered);

/* How far apart looks are, in ms, for an agent that is to be restarted after timeout_s without an answer. */
unsigned health_interval_ms(unsigned timeout_s);

#endif
