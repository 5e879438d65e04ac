#include <string.h>

#include "bootstrap/swap-header.h"
#include "common/attr.h"

/* linux/swap.h: union swap_header. Numbers are in the machine's own order. */
enum { AT_VERSION = 1024, AT_LAST_PAGE = 1028, AT_BAD_PAGES = 1032, AT_UUID = 1036, AT_LABEL = 1052, LABEL_SIZE = 16, PAGES_MIN = 10 };

static const char magic[10] = "SWAPSPACE2";
static const char label[LABEL_SIZE] = "ecs-bootstrap";

static void put(char *page, size_t at, uint32_t value)
{
	memcpy(page + at, &value, sizeof value);
}

static uint32_t get(const char *page, size_t at)
{
	uint32_t value;

	memcpy(&value, page + at, sizeof value);
	return value;
}

void swap_header_make(char *page, size_t page_size, uint64_t size, const unsigned char uuid[SWAP_UUID_SIZE])
{
	uint64_t last = size / page_size - 1;

	memset(page, 0, page_size);
	put(page, AT_VERSION, 1);
	put(page, AT_LAST_PAGE, last < UINT32_MAX ? (uint32_t) last : UINT32_MAX);
	put(page, AT_BAD_PAGES, 0);
	memcpy(page + AT_UUID, uuid, SWAP_UUID_SIZE);
	memcpy(page + AT_LABEL, label, LABEL_SIZE);
	memcpy(page + page_size - sizeof magic, magic, sizeof magic);
}

bool swap_header_read(struct view head, struct swap_header *ret)
{
	for (size_t page_size = SWAP_PAGE_MIN; page_size <= SWAP_PAGE_MAX && page_size <= head.len; page_size *= 2) {
		uint32_t last;

		if (memcmp(head.p + page_size - sizeof magic, magic, sizeof magic) != 0)
			continue;
		last = get(head.p, AT_LAST_PAGE);
		if (get(head.p, AT_VERSION) != 1 || last < PAGES_MIN - 1)
			return false;
		ret->page_size = page_size;
		ret->size = ((uint64_t) last + 1) * page_size;
		ret->ours = memcmp(head.p + AT_LABEL, label, LABEL_SIZE) == 0;
		return true;
	}
	return false;
}

static bool has(struct view head, size_t at, const char *bytes, size_t n)
{
	return head.len >= at + n && memcmp(head.p + at, bytes, n) == 0;
}

/* Names are for the message; whatever is not zero is data, known or not. */
const char *swap_content(struct view head)
{
	static const struct {
		const char *name;
		size_t      at, n;
		const char *bytes;
	} known[] = {
		{ "an XFS file system", 0, 4, "XFSB" },
		{ "LUKS", 0, 6, "LUKS\xba\xbe" },
		{ "a GPT partition table", 512, 8, "EFI PART" },
		{ "an LVM volume", 512, 8, "LABELONE" },
		{ "an ext file system", 0x438, 2, "\x53\xef" },
		{ "a part of a RAID", 4096, 4, "\xfc\x4e\x2b\xa9" },
		{ "a part of a RAID", 0, 4, "\xfc\x4e\x2b\xa9" },
		{ "swap", 4086, 10, "SWAPSPACE2" },
		{ "swap", 16374, 10, "SWAPSPACE2" },
		{ "swap", 65526, 10, "SWAPSPACE2" },
		{ "a btrfs file system", 0x10040, 8, "_BHRfS_M" },
		{ "a partition table or boot sector", 510, 2, "\x55\xaa" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (has(head, known[i].at, known[i].bytes, known[i].n))
			return known[i].name;
	for (size_t i = 0; i < head.len; i++)
		if (head.p[i] != '\0')
			return "data";
	return NULL;
}
