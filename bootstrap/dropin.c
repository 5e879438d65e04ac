#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/changes.h"
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

#define HEAD "# Written by ecs-bootstrap from user data at each boot; do not edit.\n"

static int add_head(struct buf *b, const char *text)
{
	return b->len == 0 ? buf_add(b, text, strlen(text)) : 0;
}

int dropin_render(const struct dropin_variable *v, size_t n, const char *file, struct buf *b)
{
	bool secret = false;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		secret = secret || (v[i].value && v[i].secret);
		if (!v[i].value || v[i].secret)
			continue;
		r = add_head(b, HEAD "[Service]\n");
		if (r == 0)
			r = add_variable(b, &v[i]);
	}
	if (r == 0 && secret)
		r = add_head(b, HEAD "[Service]\n");
	return r == 0 && secret ? buf_printf(b, "EnvironmentFile=-%s\n", file) : r;
}

/* systemd.exec(5): what begins with no quote and holds no backslash is taken to the line's end as it is. */
int dropin_render_file(const struct dropin_variable *v, size_t n, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!v[i].value || !v[i].secret)
			continue;
		r = add_head(b, HEAD);
		if (r == 0)
			r = buf_printf(b, "%s=%s\n", v[i].name, v[i].value);
	}
	return r;
}

/* The folder goes too, unless somebody else's drop-ins are in it. */
static int take_away(const struct apply *a, const char *folder, const char *path, struct err *e)
{
	int r = apply_remove(a, path, e);

	if (r == 0 && !a->dry && unlinkat(a->root, folder + 1, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_set(e, -errno, "remove folder '%s'", folder);
	return r;
}

int dropin_set(const struct apply *a, const char *unit, const char *name, struct view text, struct err *e)
{
	char folder[PATH_MAX / 2], path[PATH_MAX];

	if (snprintf(folder, sizeof folder, UNITS "/%s.d", unit) >= (int) sizeof folder ||
	    snprintf(path, sizeof path, "%s/10-ecs-bootstrap-%s.conf", folder, name) >= (int) sizeof path)
		return err_set(e, -ENAMETOOLONG, "write a drop-in for '%s'", unit);
	return text.len == 0 ? take_away(a, folder, path, e) : apply_write(a, path, text, 0644, e);
}

int dropin_reload(const struct apply *a, struct err *e)
{
	static const char *const argv[] = { "systemctl", "daemon-reload", NULL };
	const struct spawn s = { .argv = argv, .deadline_ms = RELOAD_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	int status = 0, r;

	if (a->dry)
		return 0;
	/* What sd_booted(3) looks at; below another root there is no systemd of ours to be told. */
	if (!dir_exists(a->root, "/run/systemd/system"))
		return DROPIN_NO_SYSTEMD;
	r = spawn_run(&s, &status, &out, &errors, e);
	if (r < 0)
		return err_wrap(e, "make systemd read its units again");
	if (status != 0)
		return err_say(e, -EIO, "make systemd read its units again: systemctl ended with %d: %.*s", status,
			       VIEW_ARG(view_trim(buf_view(&errors)), 300));
	return 0;
}
