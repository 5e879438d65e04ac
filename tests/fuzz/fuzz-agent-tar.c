/* Whatever a file holds that is said to be the agent's image: read within bounds; what is taken is no shorter than its end. */
#include "bootstrap/agent-tar.h"
#include "common/paths.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view tar = { (const char *) data, len };
	struct err e;

	if (agent_tar_check(tar, AGENT_IMAGE, &e) == 0 && len < 3 * 512)
		abort();
	return 0;
}
