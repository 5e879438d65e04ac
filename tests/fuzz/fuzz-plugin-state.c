/* A state file from anywhere: what is taken of it survives being written and read again, and no path leads out. */
#include <string.h>

#include "efs/plugin/names.h"
#include "efs/plugin/volumes.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct volumes *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct volume *v = t->list[i];
		struct err e;

		if (volumes_find(t, v->name) != v || target_check(volume_path(v), &e) < 0)
			abort();
		if (volume_is_ours(v) && strchr(volume_path(v) + sizeof VOLUMES_DIR, '/'))
			abort();
		(void) volume_option(v, "device");
		(void) is_time(volume_created(v));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len };
	AUTO_VOLUMES one = { .document = NULL }, two = { .document = NULL };
	AUTO_BUF first = { .p = NULL }, second = { .p = NULL };
	struct err e;

	if (volumes_parse(text, &one, &e) < 0 || volumes_render(&one, &first) < 0)
		abort();
	check(&one);
	if (volumes_parse(buf_view(&first), &two, &e) != 0 || volumes_render(&two, &second) < 0)
		abort();
	if (two.count != one.count || first.len != second.len || memcmp(first.p, second.p, first.len) != 0)
		abort();
	while (two.count > 0) {
		volume_forget_users(two.list[0]);
		volumes_remove(&two, two.list[0]);
	}
	return 0;
}
