#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"
#include "efs/mount/child.h"
#include "efs/mount/nfs.h"

enum { SAID_MAX = 4096, READ_AHEAD_MS = 3000, LAST_MIN_MS = 1000 };

static const struct backoff pace = { .first_ms = 1500, .max_ms = 2250, .jitter_percent = 50 };

/* What may pass, and only then. */
static const struct {
	const char *said;
	bool        access_point_only;
} passing[] = {
	{ "reset by peer", false },
	{ "access denied by server", true },
};

enum nfs_next nfs_judge(const struct nfs_end *end)
{
	bool last = end->attempt >= NFS_TRIES;

	if (end->killed)
		return last ? NFS_FAILED : NFS_AGAIN;
	if (end->status == 0)
		return NFS_DONE;
	for (size_t i = 0; !last && end->said.len > 0 && i < ARRAY_LEN(passing); i++)
		if (memmem(end->said.p, end->said.len, passing[i].said, strlen(passing[i].said)) &&
		    (end->access_point || !passing[i].access_point_only))
			return NFS_AGAIN_LATER;
	return NFS_FAILED;
}

static void make_argv(const struct nfs_mount *m, const char *argv[10])
{
	size_t n = 0;

	argv[n++] = "mount.nfs4";
	argv[n++] = m->source;
	argv[n++] = m->dir;
	if (m->sloppy)
		argv[n++] = "-s";
	if (m->no_mtab)
		argv[n++] = "-n";
	if (m->verbose)
		argv[n++] = "-v";
	argv[n++] = "-o";
	argv[n++] = m->options;
	argv[n] = NULL;
}

/* The first runs are short: one that hangs because of a lost packet is better begun anew. */
static long deadline_of(const struct nfs_mount *m, unsigned attempt)
{
	long until = clock_ms() + NFS_TRY_MS;

	return attempt >= NFS_TRIES || until > m->deadline ? m->deadline : until;
}

static int failure(const struct nfs_end *end, struct err *e)
{
	if (end->killed)
		return err_say(e, -ETIMEDOUT, "mount.nfs4 did not end in time");
	if (end->status == CHILD_NO_PROGRAM)
		return err_say(e, -ENOENT, "there is no mount.nfs4: install nfs-common (Debian, Ubuntu), nfs-utils (Amazon Linux, Red Hat) or nfs-client (SUSE)");
	if (end->status == CHILD_NO_NETNS)
		return err_say(e, -ENXIO, "%.*s", VIEW_ARG(view_trim(end->said), (size_t) 200));
	return err_say(e, -EIO, "mount.nfs4: exit status %d", end->status);
}

int nfs_mount(const struct nfs_mount *m, struct buf *said, struct err *e)
{
	const char *argv[10];
	struct child c = { .work = child_exec, .ctx = argv, .netns = m->netns };
	struct nfs_end end = { .access_point = m->access_point };

	make_argv(m, argv);
	said->limit = SAID_MAX;
	for (end.attempt = 1;; end.attempt++) {
		enum nfs_next next;
		int r;

		buf_clear(said);
		c.deadline = deadline_of(m, end.attempt);
		r = child_run(&c, &end.status, said, e);
		if (r < 0 && r != -ETIMEDOUT)
			return r;
		end.killed = r == -ETIMEDOUT;
		end.said = buf_view(said);
		next = nfs_judge(&end);
		if (next == NFS_DONE)
			return 0;
		if (next == NFS_AGAIN_LATER)
			clock_sleep_ms(backoff_ms(&pace, end.attempt, clock_dice()));
		if (next == NFS_FAILED || clock_ms() + LAST_MIN_MS >= m->deadline)
			return failure(&end, e);
	}
}

struct ahead {
	const char   *dir;
	unsigned long kib;
};

static int set_ahead(void *ctx)
{
	const struct ahead *a = ctx;
	char path[96], text[24];
	AUTO_BUF now = { .limit = 64 };
	uint64_t have;
	struct stat st;
	struct err e;
	AUTO_FD fd = -1;

	if (stat(a->dir, &st) < 0)
		return 1;
	snprintf(path, sizeof path, "/sys/class/bdi/%u:%u/read_ahead_kb", major(st.st_dev), minor(st.st_dev));
	if (file_read(AT_FDCWD, path, 64, &now, &e) != 0 || parse_u64(view_trim(buf_view(&now)), UINT32_MAX, &have) < 0 || have >= a->kib)
		return 1;
	snprintf(text, sizeof text, "%lu\n", a->kib);
	fd = file_open(AT_FDCWD, path, O_WRONLY, 0);
	return fd >= 0 && write(fd, text, strlen(text)) > 0 ? 0 : 1;
}

/* nfs-utils has a rule that sets the figure of a new mount to its own, some moments after mount.nfs4 is done. */
static int wait_for_udev(void *ctx)
{
	const char *const argv[] = { "udevadm", "settle", "--timeout=2", NULL };

	(void) ctx;
	return file_exists(AT_FDCWD, "/run/udev/control") ? child_exec((void *) argv) : 1;
}

void nfs_read_ahead(const char *dir, unsigned long rsize)
{
	struct ahead a = { .dir = dir, .kib = 15 * rsize / 1024 }; /* as the kernel itself had it before 5.4 */
	struct child c = { .work = wait_for_udev, .netns = -1, .deadline = clock_ms() + READ_AHEAD_MS };
	AUTO_BUF said = { .limit = 256 };
	struct err unused;
	int status;

	/* in children: whatever touches NFS may hang */
	if (child_run(&c, &status, &said, &unused) < 0)
		return;
	c.work = set_ahead;
	c.ctx = &a;
	if (child_run(&c, &status, &said, &unused) < 0)
		return;
}
