/* What the verbs of amazon-ecs-init share, and the verbs themselves. */
#ifndef INIT_ENGINE_ENGINE_H
#define INIT_ENGINE_ENGINE_H

#include "init/engine/docker.h"

enum { FOREVER_MS = -1 };

/* What is written down for `ecs-bootstrap status` (common/steps.h). */
#define STEP_PRE_START "pre-start"
#define STEP_DOCKER    "docker"
#define STEP_IMAGE     "image"
#define STEP_SETTINGS  "agent-settings"
#define STEP_APPARMOR  "apparmor"
#define STEP_GPU       "gpu"

struct engine {
	int            root;
	const char    *socket;
	struct docker *docker;
	const char    *args[3]; /* the words behind the verb; NULL where there are fewer */
};

/*
 * Connects, trying again until Docker answers or wait_ms are over (FOREVER_MS: no end). Says once in the log and all the
 * time in STATUS= what is being waited for. *ret_waited (may be NULL): whether the first try failed.
 */
int engine_connect(struct engine *g, long wait_ms, bool *ret_waited, struct err *e) MUST_CHECK;

/* The same while something may last: systemd is asked for patience, should TimeoutStartSec= have been set to a finite time. */
void engine_status_waiting(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* STATUS= for systemd and whoever reads `systemctl status ecs`. */
void engine_status(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The verbs. All may log. 0 or negative. */
int verb_pre_start(struct engine *g, struct err *e) MUST_CHECK;
int verb_reload_cache(struct engine *g, struct err *e) MUST_CHECK;
int verb_upgrade(struct engine *g, struct err *e) MUST_CHECK;
int verb_up(struct engine *g, struct err *e) MUST_CHECK;
int verb_outcome(struct engine *g, struct err *e) MUST_CHECK; /* args: container id, identity of the daemon it was started by */
int verb_logs(struct engine *g, struct err *e) MUST_CHECK;    /* args: container id */
int verb_stop(struct engine *g, struct err *e) MUST_CHECK;

#endif
