/* A settings document, then the same once more: the walk, the search for places, the merge, and what others read of it. */
#include <string.h>

#include "bootstrap/late.h"
#include "bootstrap/locate.h"
#include "bootstrap/mask.h"
#include "bootstrap/settings.h"
#include "tests/fuzz/fuzz.h"

static int count(void *ctx, const char *name, const char *value)
{
	*(size_t *) ctx += strlen(name) + strlen(value);
	return 0;
}

/* Each finding can be said, in one line, and stands within the text. */
static void look(const struct findings *f, struct view text)
{
	struct err e;

	if (f->n > FINDINGS_MAX)
		abort();
	for (size_t i = 0; i < f->n; i++)
		if (finding_say(&f->list[i], &e) == 0 || strchr(e.text, '\n') || f->list[i].at.line > text.len + 1)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len };
	struct json_path path = { { { .key = "efs" }, { .index = 1 }, { .key = "iam" } }, 3 };
	AUTO_SETTINGS s = { .doc = NULL };
	AUTO_FINDINGS late = { .n = 0 };
	AUTO_BUF shown = { 0 };
	struct json_place at;
	size_t sum = 0;
	struct err e;

	(void) json_locate(text, &path, LOCATE_KEY, &at);
	if (settings_add_json(&s, 1, text, &e) < 0 && (s.doc || s.findings.errors == 0))
		abort();
	(void) !settings_add_json(&s, 2, text, &e);
	(void) !settings_finish(&s, &e);
	look(&s.findings, text);
	(void) !settings_each_agent(&s, count, &sum);
	if (late_check(text, &late) < 0 || mask_line(text, &shown) < 0)
		abort();
	(void) mask_json_fits(text);
	for (struct view rest = text, line; view_line(&rest, &line);)
		if (mask_json_line(line, &shown) < 0)
			abort();
	look(&late, text);
	return 0;
}
