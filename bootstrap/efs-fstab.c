#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/efs-fstab.h"
#include "bootstrap/proc-text.h"

#define BEGIN "# BEGIN ecs-bootstrap: written from user data at each boot; do not edit up to END"
#define END   "# END ecs-bootstrap"

int efs_unit_name(const char *path, char ret[EFS_UNIT_SIZE])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.";
	size_t n = 0;

	for (const char *p = path + 1; *p; p++) {
		bool as_it_is = strchr(plain, *p) && !(*p == '.' && n == 0);

		if (n + 4 + sizeof ".mount" > EFS_UNIT_SIZE)
			return -ENAMETOOLONG;
		if (*p == '/')
			ret[n++] = '-';
		else if (as_it_is)
			ret[n++] = *p;
		else
			n += (size_t) snprintf(ret + n, EFS_UNIT_SIZE - n, "\\x%02x", (unsigned char) *p);
	}
	memcpy(ret + n, ".mount", sizeof ".mount");
	return 0;
}

static bool is_on(const char *word)
{
	return word && strcmp(word, "ENABLED") == 0;
}

int efs_mount_read(struct json_object *entry, struct efs_mount *ret, struct err *e)
{
	const char *root = json_text(entry, "rootDirectory", NULL);
	struct json_object *o;

	*ret = (struct efs_mount) {
		.mount_point = json_text(entry, "mountPoint", NULL),
		.file_system = json_text(entry, "fileSystemId", NULL),
		.root = root ? root : "/",
		.access_point = json_text(entry, "authorizationConfig", "accessPointId", NULL),
		.tls = is_on(json_text(entry, "transitEncryption", NULL)),
		.iam = is_on(json_text(entry, "authorizationConfig", "iam", NULL)),
	};
	if (json_get(entry, json_type_int, &o, "transitEncryptionPort", NULL) == 0)
		ret->tls_port = (unsigned) json_object_get_int(o);
	if (json_get(entry, json_type_boolean, &o, "required", NULL) == 0)
		ret->required = json_object_get_boolean(o);
	if (!ret->mount_point || ret->mount_point[0] != '/' || !ret->file_system)
		return err_say(e, -EINVAL, "read efs: an entry has no mountPoint or no fileSystemId");
	if (efs_unit_name(ret->mount_point, ret->unit) < 0)
		return err_set(e, -ENAMETOOLONG, "mount '%.60s…'", ret->mount_point);
	return 0;
}

/*
 * _netdev: systemd knows no type efs, and must not try before the network is there. nofail: nothing but what our drop-ins
 * name waits for it. The helper's own tries end before the time systemd gives it.
 */
int efs_fstab_line(const struct efs_mount *m, struct buf *b)
{
	int r = buf_printf(b, "%s:", m->file_system);

	r = r < 0 ? r : proc_escape(b, m->root);
	r = r < 0 ? r : buf_add(b, " ", 1);
	r = r < 0 ? r : proc_escape(b, m->mount_point);
	r = r < 0 ? r : buf_printf(b, " efs _netdev,nofail%s", m->tls ? ",tls" : "");
	if (r == 0 && m->tls && m->tls_port > 0)
		r = buf_printf(b, ",tlsport=%u", m->tls_port);
	if (r == 0 && m->iam)
		r = buf_printf(b, ",iam");
	if (r == 0 && m->access_point)
		r = buf_printf(b, ",accesspoint=%s", m->access_point);
	return r < 0 ? r : buf_printf(b, ",x-systemd.mount-timeout=90s,x-systemd.after=ecs-packages.service 0 0\n");
}

static int add_units(struct buf *b, const char *key, const struct efs_mount *m, size_t n, bool with_required, bool with_others)
{
	bool first = true;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (m[i].required ? !with_required : !with_others)
			continue;
		r = buf_printf(b, "%s%s%s", first ? key : "", first ? "=" : " ", m[i].unit);
		first = false;
	}
	return r < 0 || first ? r : buf_add(b, "\n", 1);
}

int efs_dropin(const struct efs_mount *m, size_t n, bool only_required, struct buf *b)
{
	AUTO_BUF lines = { 0 };
	int r = add_units(&lines, "After", m, n, true, !only_required);

	r = r < 0 ? r : add_units(&lines, "Requires", m, n, true, false);
	r = r < 0 || only_required ? r : add_units(&lines, "Wants", m, n, false, true);
	if (r < 0 || lines.len == 0)
		return r;
	return buf_printf(b, "# Written by ecs-bootstrap from user data at each boot; do not edit.\n[Unit]\n%s", lines.p);
}

static bool begins_block(struct view line)
{
	return view_starts(line, "# BEGIN ecs-bootstrap");
}

static bool ends_block(struct view line)
{
	return view_starts(line, "# END ecs-bootstrap");
}

static bool has_end(struct view rest)
{
	struct view line;

	while (view_line(&rest, &line))
		if (ends_block(line))
			return true;
	return false;
}

/* The next line that is not ours, with its line end in *whole. */
static bool next_foreign(struct view *rest, struct view *line, struct view *whole, unsigned *number)
{
	while (rest->len > 0) {
		const char *from = rest->p;

		(*number)++;
		(void) view_line(rest, line);
		*whole = (struct view) { from, (size_t) (rest->p - from) };
		if (!begins_block(*line))
			return true;
		for (bool inside = has_end(*rest); inside; inside = !ends_block(*line)) {
			(*number)++;
			(void) view_line(rest, line);
		}
	}
	return false;
}

int efs_fstab_merge(struct view fstab, struct view lines, struct buf *ret)
{
	struct view line, whole;
	unsigned number = 0;
	int r = 0;

	while (r == 0 && next_foreign(&fstab, &line, &whole, &number))
		r = buf_add(ret, whole.p, whole.len);
	if (r < 0 || lines.len == 0)
		return r;
	if (ret->len > 0 && ret->p[ret->len - 1] != '\n')
		r = buf_add(ret, "\n", 1);
	r = r < 0 ? r : buf_printf(ret, BEGIN "\n");
	r = r < 0 ? r : buf_add(ret, lines.p, lines.len);
	return r < 0 ? r : buf_printf(ret, END "\n");
}

static bool same_path(const char *a, const char *b)
{
	size_t n = strlen(a);

	while (n > 1 && a[n - 1] == '/')
		n--;
	return n == strlen(b) && memcmp(a, b, n) == 0;
}

unsigned efs_fstab_taken(struct view fstab, const char *path)
{
	struct view line, whole;
	unsigned number = 0;

	while (next_foreign(&fstab, &line, &whole, &number)) {
		char at[4096];

		if (view_starts(view_trim(line), "#"))
			continue;
		(void) proc_word(&line);
		if (proc_unescape(proc_word(&line), at, sizeof at) && same_path(at, path))
			return number;
	}
	return 0;
}
