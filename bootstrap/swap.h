/* The section `swap`: a file, a device, the instance store or zram, before Docker starts. */
#ifndef BOOTSTRAP_SWAP_H
#define BOOTSTRAP_SWAP_H

#include "bootstrap/apply.h"

#define PATH_SWAP_STATE "/var/lib/ecs/bootstrap/swap.json" /* what is ours: path, kind, vm.swappiness before; of which boot */
#define PATH_SWAP_FILE  "/var/lib/ecs/swapfile"            /* where `device` is not given */

enum { SWAP_NOT_HERE = 2 }; /* no kernel runs below this root; nothing was made */

/*
 * Makes the swap that is asked for and swaps to it, or stops and takes away what an earlier run made. What is not ours is
 * never touched; swap whose content does not fit into memory stays as it is. 0, APPLY_SAME, SWAP_NOT_HERE or negative.
 */
int swap_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

#endif
