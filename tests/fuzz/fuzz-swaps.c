/* Whatever /proc/swaps, /proc/meminfo or the first bytes of a device hold: it is read within bounds, and what is found makes sense. */
#include <string.h>

#include "bootstrap/swap-header.h"
#include "bootstrap/swap-plan.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view rest = { (const char *) data, len }, whole = rest;
	struct swaps_line line;
	struct swap_header h;
	size_t lines = 0;
	uint64_t n;

	while (swaps_next(&rest, &line)) {
		need(++lines <= len);
		need(line.path[0] == '/' && strlen(line.path) < sizeof line.path);
		need(line.size % 1024 == 0 && line.used % 1024 == 0);
	}
	if (meminfo_find(whole, "MemAvailable", &n))
		need(n % 1024 == 0);
	if (swap_header_read(whole, &h)) {
		need(h.page_size >= SWAP_PAGE_MIN && h.page_size <= len && h.size % h.page_size == 0);
		need(swap_content(whole) != NULL);
	}
	if (swap_parse_size(whole, &n) == 0)
		need(n % MIB == 0);
	return 0;
}
