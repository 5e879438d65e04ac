/* Lines of /proc/self/mountinfo, format of proc(5), and what is mounted at a path. Pure. */
#ifndef EFS_MOUNTINFO_H
#define EFS_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/view.h"

/* Views into the text, as it stands there: blanks, tabs, line ends and backslashes are octal escapes (\040). */
struct mountinfo {
	uint64_t    id, parent;
	struct view root, point, options;
	struct view type, source, super;
};

/* Cuts the next line that is well-formed off *rest; what is none is skipped. false: nothing is left. */
bool mountinfo_next(struct view *rest, struct mountinfo *ret);

/*
 * A field without its escapes, NUL-terminated. Its length, or -ENAMETOOLONG when it does not fit or -EINVAL when it
 * holds a NUL.
 */
int mountinfo_decode(struct view field, char *ret, size_t size) MUST_CHECK;

/* Whether a field, escaped as it is, names this path. Doubled and trailing slashes of path do not count. */
bool mountinfo_is(struct view field, const char *path);

/* How many mounts stand at path, one upon the other. text: the whole file; a last line that is cut off counts if it is long enough. */
unsigned mountinfo_count(struct view text, const char *path);

#endif
