#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/file.h"
#include "common/parse.h"
#include "efs/plugin/socket.h"

enum { FIRST_PASSED_FD = 3, BACKLOG = 511, MODE = 0660 };

/* ---- from systemd */

static bool number_from(const char *variable, uint64_t *ret)
{
	const char *text = getenv(variable);

	return text && parse_u64(view_of(text), 1 << 30, ret) == 0;
}

static bool option_is(int fd, int option, int want)
{
	int value = 0;
	socklen_t n = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 && value == want;
}

int socket_passed(int *ret_fd, struct err *e)
{
	uint64_t pid = 0, count = 0;
	bool ours = number_from("LISTEN_PID", &pid) && pid == (uint64_t) getpid() && number_from("LISTEN_FDS", &count) && count > 0;

	/* children are not to take it for theirs */
	(void) unsetenv("LISTEN_PID");
	(void) unsetenv("LISTEN_FDS");
	(void) unsetenv("LISTEN_FDNAMES");
	if (!ours)
		return SOCKET_NONE;
	if (count != 1 || !option_is(FIRST_PASSED_FD, SO_DOMAIN, AF_UNIX) || !option_is(FIRST_PASSED_FD, SO_ACCEPTCONN, 1))
		return err_say(e, -EINVAL, "take the socket from systemd: %d passed, wanted one unix socket that listens", (int) count);
	if (fcntl(FIRST_PASSED_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(FIRST_PASSED_FD, F_SETFL, O_NONBLOCK) < 0)
		return err_set(e, -errno, "take the socket from systemd");
	*ret_fd = FIRST_PASSED_FD;
	return 0;
}

/* ---- our own */

static int new_socket(struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? err_set(e, -errno, "make a socket") : fd;
}

/* 0: the way is free. Only a socket that refuses is taken away. */
static int clear_way(int root, const struct sockaddr_un *at, struct err *e)
{
	AUTO_FD fd = -1;
	struct stat st;

	if (fstatat(root, &(SOCKET_DIR "/" SOCKET_NAME)[1], &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_set(e, -errno, "look at '%s'", at->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_say(e, -EADDRINUSE, "listen at '%s': something stands there that is no socket", at->sun_path);
	fd = new_socket(e);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *) at, sizeof *at) == 0 || errno != ECONNREFUSED)
		return err_say(e, -EADDRINUSE, "listen at '%s': another process serves it", at->sun_path);
	return file_remove(root, SOCKET_DIR "/" SOCKET_NAME, e);
}

int socket_make(const char *root_dir, int root, int *ret_fd, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	AUTO_FD fd = -1;
	mode_t old;
	int r = dir_make(root, SOCKET_DIR, 0755, e);

	if (r < 0)
		return r;
	if (snprintf(at.sun_path, sizeof at.sun_path, "%s" SOCKET_DIR "/" SOCKET_NAME, root_dir ? root_dir : "") >= (int) sizeof at.sun_path)
		return err_set(e, -ENAMETOOLONG, "listen at '%s'", at.sun_path);
	r = clear_way(root, &at, e);
	if (r < 0)
		return r;
	fd = new_socket(e);
	if (fd < 0)
		return fd;
	old = umask((mode_t) ~MODE & 0777); /* at no time may others connect */
	r = bind(fd, (const struct sockaddr *) &at, sizeof at) < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
	(void) umask(old);
	if (r < 0)
		return err_set(e, r, "listen at '%s'", at.sun_path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void socket_remove(int root)
{
	struct err unused;

	(void) !file_remove(root, SOCKET_DIR "/" SOCKET_NAME, &unused);
}

/* ---- to systemd */

unsigned notify_watchdog_ms(void)
{
	uint64_t usec, pid;

	if (!number_from("WATCHDOG_USEC", &usec) || (number_from("WATCHDOG_PID", &pid) && pid != (uint64_t) getpid()))
		return 0;
	return (unsigned) (usec / 2000);
}
