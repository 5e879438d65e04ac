#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/file.h"
#include "efs/plugin/saver.h"

enum { STACK_BYTES = 128 << 10 };

struct saver {
	int             root, fd;
	const char     *path;
	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  change;
	/* below: under the lock */
	bool            due, busy, end;
	struct buf      text;
	uint64_t        number, done;
	int             result;
	struct err      error;
};

/* Waits for work. false: there is none, and there will be none. */
static bool next(struct saver *s, struct buf *ret_text, uint64_t *ret_number)
{
	bool due;

	(void) pthread_mutex_lock(&s->lock);
	while (!s->due && !s->end)
		(void) pthread_cond_wait(&s->change, &s->lock);
	due = s->due;
	if (due) {
		*ret_text = s->text;
		*ret_number = s->number;
		s->text = (struct buf) { .p = NULL };
		s->due = false;
		s->busy = true;
	}
	(void) pthread_mutex_unlock(&s->lock);
	return due;
}

static void report(struct saver *s, uint64_t number, int result, const struct err *e)
{
	(void) pthread_mutex_lock(&s->lock);
	s->busy = false;
	s->done = number;
	s->result = result;
	if (result < 0)
		s->error = *e;
	(void) pthread_mutex_unlock(&s->lock);
	(void) eventfd_write(s->fd, 1);
}

static void *work(void *ctx)
{
	struct saver *s = ctx;
	uint64_t number;
	struct buf text;

	while (next(s, &text, &number)) {
		struct err e;
		/* A power cut ends every mount, and dockerd syncs its own note of a volume after ours: one sync is enough. */
		int r = file_replace_soon(s->root, s->path, text.p, text.len, 0600, &e);

		buf_done(&text);
		report(s, number, r < 0 ? r : 0, &e);
	}
	return NULL;
}

/* Signals are the loop's: the thread is born with all of them blocked. */
static int start(struct saver *s)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	if (pthread_attr_init(&attr) != 0)
		return -ENOMEM;
	(void) pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&s->thread, &attr, work, s);
	(void) pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void) pthread_attr_destroy(&attr);
	return -r;
}

int saver_new(int root, const char *path, struct saver **ret, struct err *e)
{
	struct saver *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "write '%s'", path);
	*s = (struct saver) { .root = root, .path = path, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	(void) pthread_mutex_init(&s->lock, NULL);
	(void) pthread_cond_init(&s->change, NULL);
	r = s->fd < 0 ? -errno : start(s);
	if (r < 0) {
		fd_closep(&s->fd);
		free(s);
		return err_set(e, r, "start the thread that writes '%s'", path);
	}
	*ret = s;
	return 0;
}

void saver_freep(struct saver **s)
{
	if (!*s)
		return;
	(void) pthread_mutex_lock(&(*s)->lock);
	(*s)->end = true;
	(void) pthread_cond_signal(&(*s)->change);
	(void) pthread_mutex_unlock(&(*s)->lock);
	(void) pthread_join((*s)->thread, NULL);
	(void) pthread_cond_destroy(&(*s)->change);
	(void) pthread_mutex_destroy(&(*s)->lock);
	buf_done(&(*s)->text);
	fd_closep(&(*s)->fd);
	free(*s);
	*s = NULL;
}

int saver_fd(const struct saver *s)
{
	return s->fd;
}

bool saver_idle(struct saver *s)
{
	bool idle;

	(void) pthread_mutex_lock(&s->lock);
	idle = !s->due && !s->busy;
	(void) pthread_mutex_unlock(&s->lock);
	return idle;
}

void saver_put(struct saver *s, struct buf *text, uint64_t number)
{
	(void) pthread_mutex_lock(&s->lock);
	buf_done(&s->text);
	s->text = *text;
	s->number = number;
	s->due = true;
	(void) pthread_cond_signal(&s->change);
	(void) pthread_mutex_unlock(&s->lock);
	*text = (struct buf) { .p = NULL };
}

int saver_taken(struct saver *s, uint64_t *ret_number, struct err *e)
{
	eventfd_t unused;
	int r;

	(void) eventfd_read(s->fd, &unused);
	(void) pthread_mutex_lock(&s->lock);
	*ret_number = s->done;
	r = s->result;
	if (r < 0)
		*e = s->error;
	(void) pthread_mutex_unlock(&s->lock);
	return r;
}
