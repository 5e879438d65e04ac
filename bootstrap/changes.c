#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bootstrap/changes.h"
#include "bootstrap/replace.h"
#include "common/file.h"

enum { OLD_MAX = 1 << 20 };

static void change_done(struct change *c)
{
	free(c->path);
	buf_done(&c->before);
	buf_done(&c->after);
}
#define AUTO_CHANGE CLEANUP(change_done) struct change

void changes_done(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		change_done(&c->list[i]);
	free(c->list);
	*c = (struct changes) { .n = 0 };
}

/* A link is replaced by a file, so what it leads to is not what was there. */
static int read_old(int root, struct change *c, struct err *e)
{
	AUTO_FD fd = file_open(root, c->path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_set(e, fd, "open '%s'", c->path);
	if (fstat(fd, &st) < 0)
		return err_set(e, -errno, "read '%s'", c->path);
	c->was = true;
	c->old_mode = st.st_mode & 07777;
	r = S_ISREG(st.st_mode) ? file_read(root, c->path, OLD_MAX, &c->before, e) : 0;
	return r < 0 ? r : 0;
}

static int keep(struct changes *all, struct change *c)
{
	struct change *list = reallocarray(all->list, all->n + 1, sizeof *list);

	if (!list)
		return -ENOMEM;
	all->list = list;
	list[all->n++] = *c;
	*c = (struct change) { .path = NULL };
	return 0;
}

static bool is_change(const struct change *c)
{
	if (c->was != c->is)
		return true;
	return c->is && (c->mode != c->old_mode || c->before.len != c->after.len ||
			 memcmp(buf_view(&c->before).p, buf_view(&c->after).p, c->after.len) != 0);
}

/* text: NULL if the file shall go. */
static int note(const struct apply *a, const char *path, const struct view *text, mode_t mode, struct err *e)
{
	AUTO_CHANGE c = { .path = strdup(path), .is = text, .mode = mode, .after = { .limit = text ? text->len : 0 } };
	int r = c.path ? read_old(a->root, &c, e) : err_set(e, -ENOMEM, "compare '%s'", path);

	if (r < 0)
		return r;
	if (text && text->len > 0 && buf_add(&c.after, text->p, text->len) < 0)
		return err_set(e, -ENOMEM, "compare '%s'", path);
	if (!is_change(&c))
		return APPLY_SAME;
	r = keep(a->dry, &c);
	return r < 0 ? err_set(e, r, "compare '%s'", path) : 0;
}

static int make_folder(int root, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash || slash == path)
		return 0;
	if (snprintf(folder, sizeof folder, "%.*s", (int) (slash - path), path) >= (int) sizeof folder)
		return err_set(e, -ENAMETOOLONG, "write '%s'", path);
	return dir_make(root, folder, 0755, e);
}

int apply_write(const struct apply *a, const char *path, struct view text, mode_t mode, struct err *e)
{
	int r;

	if (a->dry)
		return note(a, path, &text, mode, e);
	r = make_folder(a->root, path, e);
	if (r == 0)
		r = file_replace(a->root, path, text.p, text.len, mode, e);
	return r == FILE_SAME ? APPLY_SAME : r;
}

int apply_write_kept(const struct apply *a, const char *path, struct view text, mode_t mode, struct err *e)
{
	AUTO_FD old = a->dry ? file_open(a->root, path, O_PATH, 0) : -1;
	struct stat st;
	int r;

	if (a->dry)
		return note(a, path, &text, old >= 0 && fstat(old, &st) == 0 ? st.st_mode & 07777 : mode, e);
	r = make_folder(a->root, path, e);
	if (r == 0)
		r = replace_kept(a->root, path, text.p, text.len, mode, e);
	return r == FILE_SAME ? APPLY_SAME : r;
}

int apply_remove(const struct apply *a, const char *path, struct err *e)
{
	bool was = file_exists(a->root, path);
	int r;

	if (a->dry)
		return note(a, path, NULL, 0, e);
	r = file_remove(a->root, path, e);
	return r < 0 || was ? r : APPLY_SAME;
}
