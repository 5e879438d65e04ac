/*
 * `seal`: takes away what belongs to one instance, before its disk becomes an image. Lines and files of the user's own stay,
 * and so does the agent's image.
 */
#ifndef BOOTSTRAP_SEAL_H
#define BOOTSTRAP_SEAL_H

#include "bootstrap/image-step.h"

/*
 * A step that fails is told and counted in j->failed; the others are done. 0, or negative: nothing was begun, because the
 * agent runs or a folder leads out of the root.
 */
int seal_run(struct image_job *j, struct err *e) MUST_CHECK;

#endif
