#include "common/file.h"
#include "common/keyval.h"
#include "common/os-release.h"

enum { OS_RELEASE_MAX = 64 << 10 };

int os_release_read(int root, struct buf *b, struct err *e)
{
	int r = file_read(root, "/etc/os-release", OS_RELEASE_MAX, b, e);

	if (r == FILE_ABSENT)
		r = file_read(root, "/usr/lib/os-release", OS_RELEASE_MAX, b, e);
	return r < 0 ? r : 0;
}

struct view os_release_value(struct view text, const char *key)
{
	struct view v = { "", 0 };

	if (!keyval_find(text, key, &v))
		return (struct view) { "", 0 };
	v = view_trim(v);
	if (v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0])
		v = (struct view) { v.p + 1, v.len - 2 };
	return view_trim(v);
}
