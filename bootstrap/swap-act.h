/* Swap, one place made so or taken away: what swap_decide() says, done. */
#ifndef BOOTSTRAP_SWAP_ACT_H
#define BOOTSTRAP_SWAP_ACT_H

#include "bootstrap/swap-place.h"

enum { SWAP_SAME = 1 }; /* it was so already */

/* Makes path, below root, swap of so many bytes (0: auto) and swaps to it. 0, SWAP_SAME or negative. */
int swap_bring(int root, const char *path, uint64_t asked, struct err *e) MUST_CHECK;

/*
 * Stops swapping to path and takes away what is ours there; what is not ours is left alone. 0, SWAP_SAME (nothing of ours is
 * there) or negative: if what it holds does not fit into memory, it stays.
 */
int swap_drop(int root, const char *path, struct err *e) MUST_CHECK;

/* Whether path is that of a zram device. */
bool swap_is_zram(const char *path);

#endif
