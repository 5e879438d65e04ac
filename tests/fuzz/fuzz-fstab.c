/* Whatever fstab, mountinfo, a package database's answer or a helper's last words hold: read within bounds, and our block is found again. */
#include <string.h>

#include "bootstrap/efs-fstab.h"
#include "bootstrap/packages-manager.h"
#include "bootstrap/proc-text.h"
#include "bootstrap/swap-await.h"
#include "common/efs-cause.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

/* Putting the same lines in twice changes nothing; taking them out leaves what was there without a block, but for a last line end. */
static void merge(struct view text)
{
	static const char line[] = "fs-01234567:/ /efs efs _netdev 0 0\n";
	AUTO_BUF once = { 0 };
	AUTO_BUF twice = { 0 };
	AUTO_BUF without = { 0 };
	AUTO_BUF again = { 0 };

	need(efs_fstab_merge(text, view_of(line), &once) == 0);
	need(efs_fstab_merge(buf_view(&once), view_of(line), &twice) == 0);
	need(same(&once, &twice));
	need(efs_fstab_merge(text, view_of(""), &without) == 0);
	need(efs_fstab_merge(buf_view(&once), view_of(""), &again) == 0);
	need(again.len == without.len || (again.len == without.len + 1 && again.p[without.len] == '\n'));
	need(again.len == 0 || without.len == 0 || memcmp(again.p, without.p, without.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len };
	struct package_manager manager = { .name = "dnf" };
	struct view cause, rest = text;
	struct swap_mount m;

	(void) efs_fstab_taken(text, "/efs");
	while (swap_mounts_next(&rest, "/mnt/data/swapfile", &m))
		need(strncmp("/mnt/data/swapfile", m.point, strcspn(m.point + 1, "/") + 1) == 0);
	(void) mountinfo_has(text, "/efs");
	(void) package_is_listed(text, "hello=1");
	need(efs_cause(text, EFS_WAY_UNKNOWN, false) != NULL);
	(void) package_judge(&manager, 1, text);
	cause = package_cause(text);
	need(cause.len > 0 && !memchr(cause.p, '\n', cause.len));
	merge(text);
	return 0;
}
