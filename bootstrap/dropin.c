#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "bootstrap/dropin.h"
#include "common/file.h"
#include "common/spawn.h"

#define UNITS "/etc/systemd/system"

enum { RELOAD_MS = 20000 };

/* systemd.exec(5), systemd.unit(5): C escapes hold inside double quotes, and '%' begins a specifier. */
static int add_quoted(struct buf *b, const char *text)
{
	int r = 0;

	for (; *text && r == 0; text++) {
		if (*text == '"' || *text == '\\')
			r = buf_add(b, "\\", 1);
		else if (*text == '%')
			r = buf_add(b, "%", 1);
		if (r == 0)
			r = buf_add(b, text, 1);
	}
	return r;
}

static int add_variable(struct buf *b, const struct dropin_variable *v)
{
	int r = buf_printf(b, "Environment=\"%s=", v->name);

	if (r == 0)
		r = add_quoted(b, v->value);
	return r < 0 ? r : buf_add(b, "\"\n", 2);
}

int dropin_render(const struct dropin_variable *v, size_t n, struct buf *b)
{
	static const char head[] = "# Written by ecs-bootstrap from user data at each boot; do not edit.\n[Service]\n";
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!v[i].value)
			continue;
		if (b->len == 0)
			r = buf_add(b, head, sizeof head - 1);
		if (r == 0)
			r = add_variable(b, &v[i]);
	}
	return r;
}

/* The folder goes too, unless somebody else's drop-ins are in it. */
static int take_away(int root, const char *folder, const char *path, struct err *e)
{
	int r;

	if (!file_exists(root, path))
		return DROPIN_SAME;
	r = file_remove(root, path, e);
	if (r == 0 && unlinkat(root, folder + 1, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_set(e, -errno, "remove folder '%s'", folder);
	return r;
}

int dropin_set(int root, const char *unit, const char *name, struct view text, struct err *e)
{
	char folder[PATH_MAX / 2], path[PATH_MAX];
	int r;

	if (snprintf(folder, sizeof folder, UNITS "/%s.d", unit) >= (int) sizeof folder ||
	    snprintf(path, sizeof path, "%s/10-ecs-bootstrap-%s.conf", folder, name) >= (int) sizeof path)
		return err_set(e, -ENAMETOOLONG, "write a drop-in for '%s'", unit);
	if (text.len == 0)
		return take_away(root, folder, path, e);
	r = dir_make(root, folder, 0755, e);
	if (r == 0)
		r = file_replace(root, path, text.p, text.len, 0600, e);
	return r == FILE_SAME ? DROPIN_SAME : r;
}

int dropin_reload(int root, struct err *e)
{
	static const char *const argv[] = { "systemctl", "daemon-reload", NULL };
	const struct spawn s = { .argv = argv, .deadline_ms = RELOAD_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	int status = 0, r;

	/* What sd_booted(3) looks at; below another root there is no systemd of ours to be told. */
	if (!dir_exists(root, "/run/systemd/system"))
		return DROPIN_NO_SYSTEMD;
	r = spawn_run(&s, &status, &out, &errors, e);
	if (r < 0)
		return err_wrap(e, "make systemd read its units again");
	if (status != 0)
		return err_say(e, -EIO, "make systemd read its units again: systemctl ended with %d: %.*s", status,
			       VIEW_ARG(view_trim(buf_view(&errors)), 300));
	return 0;
}
