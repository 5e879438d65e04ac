/* The agent's image: what has to be done about it, and doing it. */
#ifndef INIT_ENGINE_IMAGE_H
#define INIT_ENGINE_IMAGE_H

#include <stdbool.h>

#include "init/engine/docker.h"

/* /var/cache/ecs/state, as the peer and its packages write it; UNKNOWN: missing, or no such number. */
enum image_state { IMAGE_UNKNOWN = -1, IMAGE_UNCACHED = 0, IMAGE_CACHED = 1, IMAGE_RELOAD = 2 };

struct image_facts {
	enum image_state state;
	bool             tar;    /* /var/cache/ecs/ecs-agent.tar is there and not empty */
	bool             loaded; /* Docker has the image */
};

/* An image that is loaded is enough, whatever the state file says, unless a package brought a newer tar. Pure. */
enum image_plan { IMAGE_READY, IMAGE_LOAD, IMAGE_MISSING };
enum image_plan image_decide(const struct image_facts *f);

/*
 * Does what image_decide says: nothing, load the cached tar, or download one first. What cost much and failed is tried
 * again after a while only. *ret_loaded: whether it loaded one. Logs what it downloads.
 */
int image_ensure(struct docker *d, int root, bool *ret_loaded, struct err *e) MUST_CHECK;

/* Loads the cached tar in any case; downloads it first when there is none, or when the state says 0. */
int image_reload(struct docker *d, int root, struct err *e) MUST_CHECK;

/* Loads a tar of /var/cache/ecs in any case, checks that it brought the agent's image, and writes state 1. */
int image_load_file(struct docker *d, int root, const char *path, struct err *e) MUST_CHECK;

#endif
