#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

#include "bootstrap/ready.h"
#include "common/notify.h"

static volatile sig_atomic_t said;

void ready_now(void)
{
	if (!said)
		notify_text("READY=1");
	said = 1;
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
