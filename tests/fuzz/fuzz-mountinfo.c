/* mountinfo as anything: lines stay within the text, and what is decoded is what is compared. */
#include <string.h>

#include "efs/mountinfo.h"
#include "tests/fuzz/fuzz.h"

static void inside(struct view text, struct view field)
{
	if (field.len > 0 && (field.p < text.p || field.p + field.len > text.p + text.len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len }, rest = text;
	struct mountinfo m;
	char path[4096];

	while (mountinfo_next(&rest, &m)) {
		inside(text, m.root);
		inside(text, m.point);
		inside(text, m.options);
		inside(text, m.type);
		inside(text, m.source);
		inside(text, m.super);
		if (mountinfo_decode(m.point, path, sizeof path) < 0)
			continue;
		/* doubled slashes cannot be in a path of the kernel's, and are not compared */
		if (!strstr(path, "//") && (path[1] == '\0' || path[strlen(path) - 1] != '/') && !mountinfo_is(m.point, path))
			abort();
	}
	(void) mountinfo_count(text, "/var/lib/ecs/volumes/x");
	return 0;
}
