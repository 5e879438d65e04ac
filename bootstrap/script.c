#include <errno.h>
#include <fcntl.h>

#include "bootstrap/script.h"
#include "cloud-init/userdata.h"
#include "common/file.h"
#include "common/paths.h"

static int read_parts(int root, const char *path, struct buf *bytes, struct userdata **ret, struct err *e)
{
	int r = file_read(root, path, USERDATA_RAW_MAX, bytes, e);

	return r == 0 ? userdata_parse(buf_view(bytes), ret, e) : r;
}

/* cloud-init rewrites the line ends of a script that it saves. */
static bool same_but_for_cr(struct view a, struct view b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.len && a.p[i] == '\r')
			i++;
		while (j < b.len && b.p[j] == '\r')
			j++;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (a.p[i++] != b.p[j++])
			return false;
	}
}

static bool holds(const struct userdata *u, const struct part *p)
{
	for (size_t i = 0; u && i < u->n_parts; i++)
		if (u->parts[i].kind == p->kind && same_but_for_cr(u->parts[i].body, p->body))
			return true;
	return false;
}

static bool config_read_user_data(int root)
{
	AUTO_BUF kind = { 0 };
	struct err unused;

	if (file_read(root, PATH_USER_DATA_KIND, 64, &kind, &unused) != 0)
		return false;
	return view_is(view_trim(buf_view(&kind)), USER_DATA_OURS) || view_is(view_trim(buf_view(&kind)), USER_DATA_SCRIPTS);
}

int script_look(int root, const char *file, struct err *e)
{
	AUTO_BUF bytes = { 0 };
	AUTO_BUF copy_bytes = { 0 };
	AUTO_USERDATA *script = NULL;
	AUTO_USERDATA *copy = NULL;
	struct err unused;
	unsigned ours = 0, seen = 0;
	int r = read_parts(AT_FDCWD, file, &bytes, &script, e);

	if (r == FILE_ABSENT)
		return err_set(e, -ENOENT, "open '%s'", file);
	if (r != 0)
		return r;
	(void) !read_parts(root, PATH_CLOUD_COPY, &copy_bytes, &copy, &unused);
	for (size_t i = 0; i < script->n_parts; i++) {
		ours += script->parts[i].kind != PART_FOREIGN;
		seen += script->parts[i].kind != PART_FOREIGN && holds(copy, &script->parts[i]);
	}
	if (ours == 0)
		return err_say(e, -EINVAL, "read '%s': nothing in it is for ecs-bootstrap; its first line must be '#!%s'", file,
			       PART_SCRIPT_INTERPRETER);
	if (seen < ours)
		return 0;
	return config_read_user_data(root) ? SCRIPT_TAKEN : SCRIPT_UNSEEN;
}
