#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootstrap/collect-take.h"
#include "common/file.h"
#include "common/spawn.h"

enum { PROGRAM_MS = 10000, NAME_SIZE = TGZ_NAME_MAX + 1, SAID_MAX = 4 * COLLECT_SOURCE_MAX };

/* What is left of a text that is too long begins with a whole line. */
static struct view last_lines(struct view text, size_t most)
{
	const char *end;

	if (text.len <= most)
		return text;
	text = (struct view) { text.p + text.len - most, most };
	end = memchr(text.p, '\n', text.len);
	return end ? (struct view) { end + 1, text.len - (size_t) (end + 1 - text.p) } : text;
}

/* ---- files */

/* The end of the file. Those of /proc have no size. 0 or negative. */
static int read_end(int fd, struct buf *b, off_t *ret_size)
{
	struct stat st;
	char chunk[65536];
	ssize_t n = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = st.st_size;
	if (st.st_size > COLLECT_SOURCE_MAX && lseek(fd, st.st_size - COLLECT_SOURCE_MAX, SEEK_SET) < 0)
		return -errno;
	while (b->len < COLLECT_SOURCE_MAX && (n = read(fd, chunk, sizeof chunk)) > 0)
		if (buf_add(b, chunk, (size_t) n) < 0)
			return -ENOMEM;
	return n < 0 ? -errno : 0;
}

static void keep_file(struct collect *c, const char *name, enum collect_mask mask, int fd)
{
	AUTO_BUF text = { .limit = COLLECT_SOURCE_MAX + 65536 };
	struct view shown;
	char note[64];
	off_t size = 0;
	int r = fd < 0 ? fd : read_end(fd, &text, &size);

	if (r < 0) {
		collect_miss(c, name, strerror(-r));
		return;
	}
	shown = size > COLLECT_SOURCE_MAX && mask != COLLECT_JSON ? last_lines(buf_view(&text), text.len - 1) : buf_view(&text);
	snprintf(note, sizeof note, "the end of %lld bytes", (long long) size);
	collect_keep(c, name, mask, shown, size > COLLECT_SOURCE_MAX ? note : NULL);
}

void take_file(struct collect *c, const struct collect_source *s)
{
	/* A FIFO must not hold us up. */
	AUTO_FD fd = file_open(c->root, s->from, O_RDONLY | O_NONBLOCK, 0);

	keep_file(c, s->name, s->mask, fd);
}

/* ---- folders */

struct entry {
	char   name[256];
	time_t changed;
};

static void closedirp(DIR **d)
{
	if (*d)
		(void) closedir(*d);
}

static int by_change(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->changed != y->changed ? (x->changed < y->changed ? 1 : -1) : strcmp(x->name, y->name);
}

static bool is_packed(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && (strcmp(end, ".gz") == 0 || strcmp(end, ".xz") == 0 || strcmp(end, ".zst") == 0 || strcmp(end, ".bz2") == 0);
}

static size_t list_folder(DIR *d, struct entry *list, size_t most)
{
	struct dirent *entry;
	struct stat st;
	size_t n = 0;

	while (n < most && (entry = readdir(d))) {
		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		snprintf(list[n].name, sizeof list[n].name, "%s", entry->d_name);
		list[n++].changed = st.st_mtime;
	}
	qsort(list, n, sizeof *list, by_change);
	return n;
}

/* Only what any tar and terminal takes. */
static void archive_name(const char *folder, const char *file, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, "%s/%s", folder, file);
	for (char *p = ret + strlen(folder) + 1; *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *p))
			*p = '_';
}

void take_folder(struct collect *c, const struct collect_source *s)
{
	enum { MOST = 512 };
	AUTO_FD fd = file_open(c->root, s->from, O_RDONLY | O_DIRECTORY, 0);
	CLEANUP(closedirp) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	static struct entry list[MOST];
	char name[NAME_SIZE];
	size_t n;

	if (!d) {
		collect_miss(c, s->name, strerror(fd < 0 ? -fd : errno));
		return;
	}
	(void) TAKE_FD(fd);
	n = list_folder(d, list, MOST);
	for (size_t i = 0; i < n; i++) {
		archive_name(s->name, list[i].name, name);
		if (i >= COLLECT_FOLDER_FILES || is_packed(list[i].name)) {
			collect_miss(c, name, i >= COLLECT_FOLDER_FILES ? "there are newer ones" : "it is packed, so its secrets cannot be told");
			continue;
		}
		AUTO_FD file = openat(dirfd(d), list[i].name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

		keep_file(c, name, s->mask, file < 0 ? -errno : file);
	}
}

/* ---- programs */

void take_program(struct collect *c, const struct collect_source *s)
{
	AUTO_BUF out = { .limit = SAID_MAX }, errors = { .limit = 4096 };
	struct view said, line = { "", 0 };
	char note[256] = "";
	struct err e;
	int status;

	if (spawn_run(&(struct spawn) { .argv = s->argv, .deadline_ms = PROGRAM_MS, .group = true }, &status, &out, &errors, &e) < 0) {
		collect_miss(c, s->name, e.text);
		return;
	}
	said = buf_view(&errors);
	if (status != 0) {
		(void) view_line(&said, &line);
		snprintf(note, sizeof note, "'%s' ended with status %d: %.*s", s->argv[0], status, VIEW_ARG(line, (size_t) 160));
	}
	if (out.len == 0 && status != 0)
		collect_miss(c, s->name, note);
	else
		collect_keep(c, s->name, s->mask, last_lines(buf_view(&out), COLLECT_SOURCE_MAX), note[0] ? note : NULL);
}
