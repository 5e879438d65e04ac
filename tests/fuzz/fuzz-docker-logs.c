/* Docker's framed log stream. */
#include "init/engine/container.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_BUF b = { 0 };

	if (unframe_logs((struct view) { (const char *) data, len }, &b) == 0 && b.len > len)
		abort();
	return 0;
}
