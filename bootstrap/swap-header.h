/* The first bytes of swap, and of what is no swap: made, and told apart. Pure. */
#ifndef BOOTSTRAP_SWAP_HEADER_H
#define BOOTSTRAP_SWAP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/view.h"

enum { SWAP_PAGE_MIN = 4096, SWAP_PAGE_MAX = 65536, SWAP_UUID_SIZE = 16 };

/* The first page of swap of size bytes with our label, as mkswap(8) would write it. page: page_size bytes. */
void swap_header_make(char *page, size_t page_size, uint64_t size, const unsigned char uuid[SWAP_UUID_SIZE]);

struct swap_header {
	size_t   page_size;
	uint64_t size; /* bytes, header included */
	bool     ours; /* our label */
};

/* Looks for a header of any page size in the first SWAP_PAGE_MAX bytes of something. */
bool swap_header_read(struct view head, struct swap_header *ret);

/* What a device that begins so holds, in words; NULL: nothing but zeros. */
const char *swap_content(struct view head);

#endif
