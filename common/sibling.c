#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/sibling.h"

int sibling(const char *name, char *ret, size_t size, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", ret, size);
	const char *slash;
	size_t folder;

	if (n < 0)
		return err_set(e, -errno, "find '%s': read '/proc/self/exe'", name);
	slash = memrchr(ret, '/', (size_t) n);
	folder = slash ? (size_t) (slash + 1 - ret) : 0;
	if ((size_t) n == size || folder + strlen(name) >= size)
		return err_set(e, -ENAMETOOLONG, "find '%s'", name);
	strcpy(ret + folder, name);
	return 0;
}
