/* The agent's image: what has to be done about it, and doing it. */
#ifndef INIT_ENGINE_IMAGE_H
#define INIT_ENGINE_IMAGE_H

#include <stdbool.h>

#include "init/engine/docker.h"

/* /var/cache/ecs/state, as the peer and its packages write it. */
enum image_state { IMAGE_UNCACHED = 0, IMAGE_CACHED = 1, IMAGE_RELOAD = 2 };

struct image_facts {
	enum image_state state;
	bool             tar;    /* /var/cache/ecs/ecs-agent.tar is there and not empty */
	bool             loaded; /* Docker has the image */
};

/* An image that is loaded is enough, whatever the state file says, unless a package brought a newer tar. Pure. */
enum image_plan { IMAGE_READY, IMAGE_LOAD, IMAGE_MISSING };
enum image_plan image_decide(const struct image_facts *f);

/* Loads the cached tar if that is what image_decide says. *ret_loaded: whether it did. */
int image_ensure(struct docker *d, int root, bool *ret_loaded, struct err *e) MUST_CHECK;

/* Loads a tar of /var/cache/ecs in any case, checks that it brought the agent's image, and writes state 1. */
int image_load_file(struct docker *d, int root, const char *path, struct err *e) MUST_CHECK;

#endif
