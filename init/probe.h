/* Looks now and then whether the agent's introspection port answers, under the event loop, in eight system calls. */
#ifndef INIT_PROBE_H
#define INIT_PROBE_H

#include <systemd/sd-event.h>

#include "common/err.h"
#include "init/health.h"

/* On all addresses of the host; fixed in the agent. Any HTTP answer is one: how the agent fares otherwise is its own affair. */
enum { INTROSPECTION_PORT = 51678 };

struct probe;

/* Called at each look at which the agent is found hanging. May free the probe. */
typedef void probe_hung_fn(void *ctx);

struct probe_start {
	unsigned        timeout_s; /* without an answer, then it hangs */
	struct health  *health;    /* the caller's, so that it outlives the probe */
	probe_hung_fn  *on_hung;
	void           *ctx;
};

/* The first look is one interval away. */
int probe_new(sd_event *ev, const struct probe_start *s, struct probe **ret, struct err *e) MUST_CHECK;
void probe_freep(struct probe **p);

#endif
