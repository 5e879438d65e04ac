/* Swap, what the kernel is asked and told: /proc/swaps, /proc/meminfo, swapon(2), swapoff(2), vm.swappiness. */
#ifndef BOOTSTRAP_SWAP_KERNEL_H
#define BOOTSTRAP_SWAP_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "bootstrap/swap-header.h"
#include "common/err.h"

enum { SWAP_NO_KERNEL = 1 }; /* there is no /proc/swaps below the root: nothing can be swapped to there */

struct swap_use {
	bool     active;
	uint64_t used;      /* bytes */
	uint64_t elsewhere; /* bytes of other swap that are free: what used can go to */
};

/* Whether the kernel swaps to the file or device that *st is of. 0, SWAP_NO_KERNEL or negative. */
int swap_look_use(int root, const struct stat *st, struct swap_use *ret, struct err *e) MUST_CHECK;

/* Bytes of memory there are, and that could be had without swapping. */
int swap_look_memory(int root, uint64_t *ret_total, uint64_t *ret_available, struct err *e) MUST_CHECK;

enum { SWAP_REFUSED = 2 }; /* swapon: the kernel does not like the blocks behind the header */

/* By descriptor, so that what was looked at is what is swapped to; path is for messages. swap_on: 0 also if it is on already. */
int swap_on(int fd, int priority, const char *path, struct err *e) MUST_CHECK;
int swap_off(int fd, const char *path, struct err *e) MUST_CHECK;

/* The first page of swap of size bytes, for this kernel's pages, with a new UUID; *ret_len: its length. 0 or negative errno. */
int swap_first_page(uint64_t size, char page[SWAP_PAGE_MAX], size_t *ret_len) MUST_CHECK;

/* vm.swappiness; was: what it is before. 0 or negative; setting what it is already writes nothing. */
int swap_set_swappiness(int root, int value, int *ret_was, struct err *e) MUST_CHECK;

/* One line of a file of proc or sysfs, trimmed; ret is always terminated. 0, FILE_ABSENT or negative. */
int swap_read_line(int root, const char *path, char *ret, size_t size, struct err *e) MUST_CHECK;
int swap_write_line(int root, const char *path, const char *text, struct err *e) MUST_CHECK;

#endif
