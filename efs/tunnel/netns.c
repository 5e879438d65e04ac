#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/file.h"
#include "efs/tunnel/netns.h"

int netns_open(const char *path, struct netns *ret, struct err *e)
{
	AUTO_FD task = -1;
	AUTO_FD home = -1;

	ret->task = ret->home = -1;
	if (!path[0])
		return 0;
	task = open(path, O_RDONLY | O_CLOEXEC);
	if (task < 0)
		return err_set(e, -errno, "open network namespace '%s'", path);
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return err_set(e, -errno, "open our own network namespace");
	ret->task = TAKE_FD(task);
	ret->home = TAKE_FD(home);
	return 0;
}

void netns_done(struct netns *n)
{
	fd_closep(&n->task);
	fd_closep(&n->home);
}

int netns_socket(const struct netns *n, int family)
{
	int fd;

	if (n->task >= 0 && setns(n->task, CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	fd = fd < 0 ? -errno : fd;
	if (n->task >= 0 && setns(n->home, CLONE_NEWNET) < 0)
		abort();
	return fd;
}
