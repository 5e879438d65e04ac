#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/file.h"
#include "init/process.h"

/* Not in Amazon Linux 2023's glibc (2.34); the call is in Linux 5.3 and newer. */
static int open_pidfd(pid_t pid)
{
	return (int) syscall(SYS_pidfd_open, pid, 0);
}

static bool in_container(pid_t pid, const char *container_id)
{
	AUTO_BUF text = { 0 };
	struct err unused;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	return file_read(AT_FDCWD, path, 64 << 10, &text, &unused) == 0 && strstr(buf_view(&text).p, container_id);
}

int process_open(pid_t pid, const char *container_id, int *ret_fd, struct err *e)
{
	AUTO_FD fd = pid > 0 ? open_pidfd(pid) : -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool ours;

	if (pid <= 0 || (fd < 0 && errno == ESRCH))
		return PROCESS_GONE;
	if (fd < 0 && errno == ENOSYS)
		return PROCESS_UNSURE;
	if (fd < 0)
		return err_set(e, -errno, "watch process %d of container %.12s", pid, container_id);
	ours = in_container(pid, container_id);
	if (poll(&p, 1, 0) > 0) /* it ended between the two looks, so the second may have been at another process */
		return PROCESS_GONE;
	if (!ours)
		return PROCESS_UNSURE;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
