/* What the verbs of ecs-engine share, and the verbs themselves. */
#ifndef INIT_ENGINE_ENGINE_H
#define INIT_ENGINE_ENGINE_H

#include "init/engine/docker.h"

enum { FOREVER_MS = -1 };

struct engine {
	int            root;
	struct docker *docker;
};

/*
 * Connects, trying again until Docker answers or wait_ms are over (FOREVER_MS: no end). Says once in the log and all the
 * time in STATUS= what is being waited for. *ret_waited (may be NULL): whether the first try failed.
 */
int engine_connect(struct engine *g, long wait_ms, bool *ret_waited, struct err *e) MUST_CHECK;

/* STATUS= for systemd and whoever reads `systemctl status ecs`. */
void engine_status(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The verbs; arg is the one word behind the verb or NULL. All may log. 0 or negative. */
int verb_pre_start(struct engine *g, const char *arg, struct err *e) MUST_CHECK;
int verb_reload_cache(struct engine *g, const char *arg, struct err *e) MUST_CHECK;
int verb_upgrade(struct engine *g, const char *arg, struct err *e) MUST_CHECK;
int verb_up(struct engine *g, const char *arg, struct err *e) MUST_CHECK;
int verb_outcome(struct engine *g, const char *id, struct err *e) MUST_CHECK;
int verb_logs(struct engine *g, const char *id, struct err *e) MUST_CHECK;
int verb_stop(struct engine *g, const char *arg, struct err *e) MUST_CHECK;

#endif
