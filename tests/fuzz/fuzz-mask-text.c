/* Text and JSON without secrets: a value in quotes behind a name that speaks of one is never there; lines stay lines; JSON stays JSON. */
#include <string.h>

#include "bootstrap/mask-text.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

static size_t count_lines(struct view text)
{
	struct view line;
	size_t n = 0;

	while (view_line(&text, &line))
		n++;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len }, last = text, line;
	AUTO_BUF plain = { 0 }, json = { 0 }, known = { 0 }, hidden = { 0 };
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err e;

	need(mask_text(text, &plain) == 0);
	need(count_lines(buf_view(&plain)) == count_lines(text));
	if (mask_json(text, &json) == 0)
		need(json_parse(buf_view(&json), &o, &at, &e) == 0);

	/* whatever stands before it in the line */
	while (view_line(&last, &line))
		;
	need(buf_add(&known, line.p, len > 0 ? line.len : 0) == 0 && buf_printf(&known, " the_token=hunter2") == 0);
	need(mask_text(buf_view(&known), &hidden) == 0);
	need(!hidden.p || !memmem(hidden.p, hidden.len, "token=hunter2", 13));
	return 0;
}
