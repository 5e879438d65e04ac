/* How soon rules that somebody changes are looked at and mended, and what is told of it. Pure: the clock is the caller's. */
#ifndef INIT_RULES_DAMP_H
#define INIT_RULES_DAMP_H

#include <stdbool.h>

enum {
	DAMP_SETTLE_MS = 30,        /* after the first event: a flush comes as many, and its maker may put things back himself */
	DAMP_CHECKS = 10,           /* so many looks in a row are free, */
	DAMP_CHECK_EVERY_MS = 500,  /* then one in this time: rules that others change all the time without touching ours */
	DAMP_REPAIRS = 5,           /* so many repairs in a row are free, */
	DAMP_REPAIR_EVERY_MS = 10000, /* and one more in this time; more than that is a fight */
	DAMP_HOLD_MS = 1000,        /* in a fight the next repair comes so much after the last, doubled by each */
	DAMP_HOLD_MAX_MS = 60000,
	DAMP_QUIET_MS = 60000,      /* without a repair for so long, and twice the hold, a fight is over */
	DAMP_RETRY_MS = 1000,       /* after a failure; doubled by each */
	DAMP_RETRY_MAX_MS = 60000,
	DAMP_FAILURES = 8,          /* so many in a row, then only the next event starts it again */
};

/* All zero at the start. Times are the monotonic clock in ms. */
struct damp {
	long     checks_until, repairs_until; /* until when what was done weighs */
	long     begun, last_repair;          /* of this run of repairs */
	unsigned repairs;                     /* in this run of them */
	unsigned hold_ms;                     /* 0: no fight */
	unsigned failures;                    /* in a row */
};

/* From an event until the look that it asks for. */
unsigned damp_delay_ms(const struct damp *d, long now);

void damp_checked(struct damp *d, long now);

enum damp_tell { DAMP_TELL_REPAIR, DAMP_TELL_FIGHT, DAMP_TELL_NOTHING };

/* A repair was made: whether it, or the fight that it makes out, is to be told. */
enum damp_tell damp_repaired(struct damp *d, long now);

/* A look or a repair failed. The delay until the next try; 0: no more by itself. */
unsigned damp_failed(struct damp *d);

/* In a fight: how long without a repair until it is over, at least 1; 0: there is none. */
unsigned damp_quiet_ms(const struct damp *d, long now);

/* True once, when a fight has come to its end; repairs and begun still tell of it. */
bool damp_over(struct damp *d, long now);

#endif
