#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "common/clock.h"
#include "common/file.h"
#include "netconf/lock.h"

enum { STEP_MS = 20 };

/* Without O_CLOEXEC: lock.h says why. */
static int lock_open(int root)
{
	static const char path[] = NETCONF_LOCK;

	return openat(root, path + 1, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
}

static int lock_wait(int fd, unsigned wait_ms, struct err *e)
{
	for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(e, -errno, "lock '%s'", NETCONF_LOCK);
		if (waited >= wait_ms)
			return err_say(e, -EBUSY, "lock '%s': another run has held it for %u ms", NETCONF_LOCK,
				       wait_ms);
		clock_sleep_ms(STEP_MS);
	}
	return 0;
}

int lock_take(int root, unsigned wait_ms, int *ret_fd, struct err *e)
{
	int r = dir_make(root, PATH_RUN_DIR, 0755, e);
	AUTO_FD fd = r < 0 ? -1 : lock_open(root);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(e, -errno, "open '%s'", NETCONF_LOCK);
	r = lock_wait(fd, wait_ms, e);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
