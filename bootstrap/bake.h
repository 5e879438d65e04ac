/* `bake`: makes a root with the package in it ready to become an image: folders, units, and the agent's image if it is given. */
#ifndef BOOTSTRAP_BAKE_H
#define BOOTSTRAP_BAKE_H

#include "bootstrap/image-step.h"

/*
 * agent_tar: a file of docker save with the agent in it, outside the root; NULL: none is placed, an instance downloads it.
 * What is so already is not told. The first step that fails is told and counted in j->failed, and ends it; only units are all tried.
 */
void bake_run(struct image_job *j, const char *agent_tar);

#endif
