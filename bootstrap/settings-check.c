#include <string.h>

#include "bootstrap/known.h"
#include "bootstrap/proxy.h"
#include "bootstrap/settings-check.h"
#include "bootstrap/settings.h"
#include "common/parse.h"

static const char digits[] = "0123456789";
static const char hex[] = "0123456789abcdef";
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
static const char alphanumeric[] = LETTERS "0123456789";

static struct view text_of(struct json_object *value)
{
	return (struct view) { json_object_get_string(value), (size_t) json_object_get_string_len(value) };
}

static bool is_made_of(struct view text, const char *chars, size_t min, size_t max)
{
	size_t n = 0;

	while (n < text.len && text.p[n] && strchr(chars, text.p[n]))
		n++;
	return n == text.len && n >= min && n <= max;
}

static bool cut_prefix(struct view *text, const char *prefix)
{
	if (!view_starts(*text, prefix))
		return false;
	text->p += strlen(prefix);
	text->len -= strlen(prefix);
	return true;
}

/* Absolute, and no ".." by which it could lead elsewhere. */
static bool is_path(struct view text, bool blanks)
{
	struct view rest = text;

	if (!view_starts(text, "/") || text.len > 4096 || (!blanks && memchr(text.p, ' ', text.len)))
		return false;
	while (rest.len > 0)
		if (view_is(view_cut(&rest, '/'), ".."))
			return false;
	return true;
}

bool check_version(struct walk *w, struct json_object *value)
{
	if (json_object_get_int64(value) != SETTINGS_VERSION)
		walk_error(w, LOCATE_VALUE, "%s is not a version known here; the known one is %d", json_object_to_json_string(value),
			   SETTINGS_VERSION);
	return true;
}

/* A value becomes one line of ecs.config, which the agent, systemd and shells read. */
bool check_agent(struct walk *w, struct json_object *value)
{
	char why[160];

	json_object_object_foreach(value, name, member) {
		walk_enter(w, name, 0);
		if (!is_identifier(view_of(name)))
			walk_error(w, LOCATE_KEY, "this cannot be a variable's name");
		else if (!findings_full(w->out) && !known_agent_name(name))
			walk_warn(w, LOCATE_KEY, "%s", unknown_agent_name(name, why, sizeof why));
		if (json_object_is_type(member, json_type_string) && setting_has_control(member))
			walk_error(w, LOCATE_VALUE, "the value holds a line end or control character");
		walk_leave(w);
	}
	return true;
}

bool check_source(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value), bucket;

	(void) w;
	if (cut_prefix(&text, "s3://")) {
		bucket = view_cut(&text, '/');
		return is_made_of(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-", 3, 63) && text.len > 0 && text.len <= 1024;
	}
	if (cut_prefix(&text, "ssm:"))
		return view_starts(text, "/") && is_made_of(text, LETTERS "0123456789_.-/", 2, 1011);
	return cut_prefix(&text, "file:") && is_path(text, true) && text.len > 1;
}

bool check_size(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value), number = text;
	uint64_t n;

	(void) w;
	if (view_is(text, "auto"))
		return true;
	while (number.len > 0 && !strchr(digits, number.p[number.len - 1]))
		number.len--;
	text.p += number.len;
	text.len -= number.len;
	if (parse_u64(number, 1 << 20, &n) < 0 || n == 0)
		return false;
	return view_is(text, "MiB") || view_is(text, "GiB");
}

bool check_device(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value);

	(void) w;
	return view_is(text, "instance-store") || view_is(text, "zram") || (is_path(text, false) && text.len > 1);
}

/* A list is merged by mount point; one that stands there twice cannot be meant. */
bool check_mount_points(struct walk *w, struct json_object *list)
{
	if (json_object_array_length(list) > SETTINGS_EFS_MAX) {
		walk_error(w, LOCATE_VALUE, "has %zu entries, which is more than %d", json_object_array_length(list), SETTINGS_EFS_MAX);
		return true;
	}
	for (size_t i = 1; i < json_object_array_length(list); i++) {
		const char *mount = json_text(json_object_array_get_idx(list, i), "mountPoint", NULL);

		for (size_t k = 0; mount && k < i; k++) {
			const char *other = json_text(json_object_array_get_idx(list, k), "mountPoint", NULL);

			if (!other || strcmp(other, mount) != 0)
				continue;
			walk_enter(w, NULL, i);
			walk_enter(w, "mountPoint", 0);
			walk_error(w, LOCATE_VALUE, "efs[%zu] has the same mount point", k);
			walk_leave(w);
			walk_leave(w);
			break;
		}
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		walk_enter(w, NULL, i);
		if (!json_text(json_object_array_get_idx(list, i), "mountPoint", NULL))
			walk_error(w, LOCATE_VALUE, "key 'mountPoint' is missing: entries of several parts are merged by it");
		walk_leave(w);
	}
	return true;
}

bool check_mount_point(struct walk *w, struct json_object *value)
{
	static const char *const systems[] = {
		"/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var",
	};
	struct view text = text_of(value);

	(void) w;
	for (size_t i = 0; i < ARRAY_LEN(systems); i++)
		if (view_is(text, systems[i]))
			return false;
	return is_path(text, false) && text.p[text.len - 1] != '/' && !strstr(text.p, "//") && !strstr(text.p, "/./");
}

bool check_file_system(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value);

	(void) w;
	return cut_prefix(&text, "fs-") && is_made_of(text, hex, 8, 40);
}

bool check_access_point(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value);

	(void) w;
	return cut_prefix(&text, "fsap-") && is_made_of(text, hex, 8, 40);
}

bool check_root_directory(struct walk *w, struct json_object *value)
{
	(void) w;
	return is_path(text_of(value), true);
}

bool check_url(struct walk *w, struct json_object *value)
{
	const char *fault = proxy_url_fault(json_object_get_string(value));

	if (fault)
		walk_error(w, LOCATE_VALUE, "%s", fault);
	return true;
}

bool check_no_proxy(struct walk *w, struct json_object *value)
{
	(void) w;
	return is_made_of(text_of(value), LETTERS "0123456789.-_*:/[]", 1, 253);
}

bool check_package(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value);

	(void) w;
	return is_made_of(text, LETTERS "0123456789+._:~=@-", 1, 128) && strchr(alphanumeric, text.p[0]) &&
	       text.p[text.len - 1] != '-'; /* for apt-get, that would be a package to be removed */
}

bool check_task_definition(struct walk *w, struct json_object *value)
{
	struct view text = text_of(value), family;

	(void) w;
	if (view_starts(text, "arn:")) {
		const char *slash = strstr(text.p, ":task-definition/");

		if (!slash)
			return false;
		text = view_of(slash + strlen(":task-definition/"));
	}
	if (text.len > 0 && text.p[text.len - 1] == ':')
		return false;
	family = view_cut(&text, ':');
	return is_made_of(family, LETTERS "0123456789_-", 1, 255) && is_made_of(text, digits, 0, 9);
}
