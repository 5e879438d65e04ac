#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "bootstrap/ready.h"

/* By hand and not by libsystemd, which would be loaded by every run of the program for these 20 lines. See sd_notify(3). */
static volatile sig_atomic_t said;

void ready_now(void)
{
	static const char text[] = "READY=1";
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = name ? strlen(name) : 0;
	int fd;

	if (said || len == 0 || len >= sizeof to.sun_path)
		return;
	said = 1;
	memcpy(to.sun_path, name, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void) !sendto(fd, text, sizeof text - 1, MSG_NOSIGNAL, (struct sockaddr *) &to, (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len));
	(void) close(fd);
}

static void on_alarm(int number)
{
	int saved = errno;

	(void) number;
	ready_now();
	errno = saved;
}

void ready_within(unsigned ms)
{
	struct sigaction on = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval timer = { .it_value = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t) (ms % 1000) * 1000 } };

	if (ms == 0) {
		ready_now();
		return;
	}
	(void) sigaction(SIGALRM, &on, NULL);
	(void) setitimer(ITIMER_REAL, &timer, NULL);
}
