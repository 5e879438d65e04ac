#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "efs/tunnel/background.h"

struct background {
	void   (*work)(void *ctx);
	void    *ctx;
	sem_t    asked; /* with the eventfd it also orders the two threads' looks at *ctx */
	int      done_fd;
	bool     busy;  /* as the loop sees it */
};

static void *thread_main(void *arg)
{
	struct background *b = arg;
	const uint64_t one = 1;

	for (;;) {
		while (sem_wait(&b->asked) < 0)
			;
		b->work(b->ctx);
		while (write(b->done_fd, &one, sizeof one) < 0 && errno == EINTR)
			;
	}
	return NULL;
}

/* Signals are the loop's. */
static int thread_start(struct background *b)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, NULL, thread_main, b);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		pthread_detach(thread);
	return -r;
}

int background_new(void (*work)(void *ctx), void *ctx, struct background **ret, struct err *e)
{
	struct background *b = calloc(1, sizeof *b);
	int r;

	if (!b)
		return err_set(e, -ENOMEM, "start a thread");
	b->work = work;
	b->ctx = ctx;
	b->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sem_init(&b->asked, 0, 0);
	r = b->done_fd < 0 ? -errno : thread_start(b);
	if (r < 0) {
		if (b->done_fd >= 0)
			close(b->done_fd);
		free(b);
		return err_set(e, r, "start a thread");
	}
	*ret = b;
	return 0;
}

int background_fd(const struct background *b)
{
	return b->done_fd;
}

void background_ask(struct background *b)
{
	b->busy = true;
	sem_post(&b->asked);
}

bool background_idle(const struct background *b)
{
	return !b->busy;
}

bool background_done(struct background *b)
{
	uint64_t n;

	if (!b->busy || read(b->done_fd, &n, sizeof n) != sizeof n)
		return false;
	b->busy = false;
	return true;
}
