/* An ecs.config as users and scripts leave it: our block goes in, and going in twice changes nothing more. */
#include <string.h>

#include "bootstrap/render.h"
#include "common/keyval.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view old = { (const char *) data, len }, value;
	AUTO_BUF once = { 0 }, twice = { 0 };
	int r = render_config(old, view_of("ECS_CLUSTER=x\n"), &once);

	(void) keyval_find(old, "ECS_CLUSTER", &value);
	if (r < 0 || render_config(buf_view(&once), view_of("ECS_CLUSTER=x\n"), &twice) < 0)
		abort();
	if (r == 0 && (once.len != twice.len || memcmp(once.p, twice.p, once.len) != 0))
		abort();
	return 0;
}
