/* The monotonic clock in milliseconds. Only one-shot programs sleep; the supervisor has an event loop for that. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

long clock_ms(void);
void clock_sleep_ms(unsigned ms); /* goes on after a signal until the time is over */
unsigned clock_dice(void);        /* any number, for jitter; nothing secret may depend on it */

#endif
