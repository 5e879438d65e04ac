/* Swap, what can be thought out without touching anything: how much, what the kernel swaps to, what to do. Pure. */
#ifndef BOOTSTRAP_SWAP_PLAN_H
#define BOOTSTRAP_SWAP_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/view.h"

#define MIB ((uint64_t) 1 << 20)
#define GIB ((uint64_t) 1 << 30)

enum swap_kind { SWAP_FILE, SWAP_DEVICE, SWAP_ZRAM };

/* What stands where swap is to be, or was. */
enum swap_there {
	SWAP_ABSENT,     /* nothing: no file, a device of zeros */
	SWAP_RIGHT,      /* made by us, and as it should be */
	SWAP_OTHER_SIZE, /* made by us, of another size or for another page size */
	SWAP_FOREIGN,    /* not made by us */
};

enum swap_action { SWAP_DO_NOTHING, SWAP_DO_CREATE, SWAP_DO_RESIZE, SWAP_DO_SWAPON, SWAP_DO_REMOVE, SWAP_DO_KEEP, SWAP_DO_REFUSE };

/* active: the kernel swaps there. roomy: what it holds would fit into memory. KEEP: it would not. */
enum swap_action swap_decide(bool wanted, enum swap_there there, bool active, bool roomy);

/* Whether swap that holds so much can be switched off while so much memory is available; both in bytes. */
bool swap_fits_memory(uint64_t used, uint64_t available);

/* Bytes. disk, disk_free: of the file system or the device; no matter for zram. have: what is ours there already. */
struct swap_room {
	uint64_t memory, disk, disk_free, have;
};

/*
 * Bytes of swap, whole MiB. asked 0: auto, twice the memory but at most 4 GiB and a fifth of the free disk (half the memory
 * for zram); what is there already stays if it is near that, so that it does not change with each boot.
 * A file leaves 1 GiB free, or a tenth of the disk where that is less. 0, or -ENOSPC with the sentence.
 */
int swap_size(enum swap_kind kind, uint64_t asked, const struct swap_room *room, uint64_t *ret, struct err *e) MUST_CHECK;

/* "512MiB", "4GiB", "auto" (0). 0 or -EINVAL. */
int swap_parse_size(struct view text, uint64_t *ret) MUST_CHECK;

/* A line of /proc/swaps. */
struct swaps_line {
	char     path[4096];
	bool     deleted;
	uint64_t size, used; /* bytes */
};

/* Cuts one line off; what is no entry is passed over. false: no more. */
bool swaps_next(struct view *rest, struct swaps_line *ret);

/* A value of /proc/meminfo in bytes. false: it is not there. */
bool meminfo_find(struct view text, const char *name, uint64_t *ret);

#endif
