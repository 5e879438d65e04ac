#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/input.h"
#include "common/file.h"

int input_read(const char *path, size_t limit, struct buf *b, struct err *e)
{
	bool standard = strcmp(path, "-") == 0;
	AUTO_FD opened = standard ? -1 : file_open(AT_FDCWD, path, O_RDONLY, 0);
	int fd = standard ? STDIN_FILENO : opened, r = 0;
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return err_set(e, fd, "open '%s'", path);
	b->limit = limit;
	while (r == 0 && (n = read(fd, chunk, sizeof chunk)) != 0)
		r = n > 0 ? buf_add(b, chunk, (size_t) n) : errno == EINTR ? 0 : -errno;
	explicit_bzero(chunk, sizeof chunk);
	if (r == -EMSGSIZE)
		return err_say(e, r, "read '%s': larger than %zu bytes, which cannot be user data", path, limit);
	return r < 0 ? err_set(e, r, "read '%s'", path) : 0;
}
