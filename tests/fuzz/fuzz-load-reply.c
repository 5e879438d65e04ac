/* Docker's reply to a load, cut into pieces at odd places: the pieces must not matter. */
#include <string.h>

#include "init/engine/load-reply.h"
#include "tests/fuzz/fuzz.h"

static int read_in(const uint8_t *data, size_t len, size_t piece, struct err *e)
{
	static struct load_reply r;

	r = (struct load_reply) { .image = "amazon/amazon-ecs-agent:latest" };
	for (size_t at = 0; at < len; at += piece)
		load_reply_add(&r, (struct view) { (const char *) data + at, len - at < piece ? len - at : piece });
	return load_reply_end(&r, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err whole = { .text = "" }, cut = { .text = "" };

	if (read_in(data, len, len ? len : 1, &whole) != read_in(data, len, 7, &cut) || strcmp(whole.text, cut.text) != 0)
		abort();
	return 0;
}
