#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootstrap/replace.h"
#include "common/file.h"

int replace_kept(int root, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	AUTO_FD old = file_open(root, path, O_PATH, 0);
	struct stat st = { .st_mode = mode };
	int r;

	if (old >= 0 && fstat(old, &st) < 0)
		return err_set(e, -errno, "read '%s'", path);
	r = file_replace(root, path, data, len, st.st_mode & 07777, e);
	if (r == 0 && old >= 0 && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    fchownat(root, path + 1, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, -errno, "give '%s' back to its owner", path);
	return r;
}
