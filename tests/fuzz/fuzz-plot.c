/* The picture of a file with steps: whatever it holds, every '<' and '>' is one of ours, and no control character is in it. */
#include "bootstrap/plot.h"
#include "tests/fuzz/fuzz.h"

static struct status s;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_BUF svg = { 0 };
	size_t open = 0, closed = 0;
	struct err e;

	s = (struct status) { .n_rows = 0 };
	if (plot_read((struct view) { (const char *) data, len }, &s, &e) < 0 || plot_svg(&s, &svg) < 0)
		return 0;
	for (size_t i = 0; i < svg.len; i++) {
		open += svg.p[i] == '<';
		closed += svg.p[i] == '>';
		if (open < closed || open > closed + 1 || ((unsigned char) svg.p[i] < 0x20 && svg.p[i] != '\n'))
			abort();
	}
	return 0;
}
