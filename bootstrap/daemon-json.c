#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bootstrap/changes.h"
#include "bootstrap/daemon-json.h"
#include "bootstrap/daemon-keys.h"
#include "bootstrap/daemon-merge.h"
#include "bootstrap/replace.h"
#include "common/file.h"
#include "common/spawn.h"

enum { FILE_MAX = 1 << 20, VALIDATE_MS = 10000 };

/* An absent or empty file is an empty document, as for Docker. */
static int read_document(int root, struct json_object **ret, struct err *e)
{
	AUTO_BUF text = { 0 };
	struct json_place at;
	int r = file_read(root, PATH_DAEMON_JSON, FILE_MAX, &text, e);

	if (r < 0)
		return r;
	if (view_trim(buf_view(&text)).len == 0) {
		*ret = json_object_new_object();
		return *ret ? 0 : err_set(e, -ENOMEM, "read '%s'", PATH_DAEMON_JSON);
	}
	r = json_parse(buf_view(&text), ret, &at, e);
	if (r < 0)
		return err_wrap(e, "read '%s', line %u, column %u", PATH_DAEMON_JSON, at.line, at.column);
	if (!json_object_is_type(*ret, json_type_object))
		return err_say(e, -EBADMSG, "read '%s': it is no JSON object", PATH_DAEMON_JSON);
	return 0;
}

/*
 * The state is a list of what daemon_merge gave: one, or two where a run ended between its writes. One that cannot be
 * read is none: then all in the file is the user's, which loses nothing.
 */
static int read_state(int root, struct json_object **ret, struct err *e)
{
	AUTO_BUF text = { 0 };
	struct json_place at;
	struct err unused;
	int r = file_read(root, PATH_DAEMON_STATE, FILE_MAX, &text, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (json_parse(buf_view(&text), ret, &at, &unused) < 0 || !json_object_is_type(*ret, json_type_array))
		json_putp(ret);
	return 0;
}

static int write_state(int root, struct json_object *state, struct err *e)
{
	const char *text = json_object_to_json_string_ext(state, JSON_C_TO_STRING_PLAIN);
	int r;

	if (!text)
		return err_set(e, -ENOMEM, "write '%s'", PATH_DAEMON_STATE);
	r = dir_make(root, "/var/lib/ecs/bootstrap", 0700, e);
	if (r == 0)
		r = file_replace(root, PATH_DAEMON_STATE, text, strlen(text), 0600, e);
	return r < 0 ? r : 0;
}

/* Before the file changes, the state says what was ours and what will be: whenever we end, no key of ours is taken for the user's. */
static int announce(int root, struct json_object *state, struct json_object *ours, struct err *e)
{
	if (!ours)
		return 0;
	if (json_object_array_add(state, json_object_get(ours)) == 0)
		return write_state(root, state, e);
	json_object_put(ours);
	return err_set(e, -ENOMEM, "write '%s'", PATH_DAEMON_STATE);
}

static int settle(int root, struct json_object *ours, struct err *e)
{
	AUTO_JSON *state = ours ? json_object_new_array() : NULL;

	if (!ours)
		return file_remove(root, PATH_DAEMON_STATE, e);
	if (!state)
		return err_set(e, -ENOMEM, "write '%s'", PATH_DAEMON_STATE);
	return announce(root, state, ours, e);
}

struct view daemon_json_cause(struct view said)
{
	static const char noise[] = "unable to configure the Docker daemon with file /dev/stdin: ";
	struct view line, last = { "no reason given", strlen("no reason given") };

	while (view_line(&said, &line))
		if (view_trim(line).len > 0)
			last = view_trim(line);
	if (view_starts(last, noise))
		last = (struct view) { last.p + strlen(noise), last.len - strlen(noise) };
	return last;
}

static bool knows_no_validate(const struct buf *said)
{
	return said->p && strstr(said->p, "unknown flag: --validate");
}

/* Asks dockerd where it can be asked (since 23.0), else goes by our own table. */
static int docker_takes(struct json_object *section, const char *text, struct err *e)
{
	static const char *const argv[] = { "dockerd", "--validate", "--config-file=/dev/stdin", NULL };
	const struct spawn s = { .argv = argv, .input = view_of(text), .deadline_ms = VALIDATE_MS };
	AUTO_BUF out = { .limit = 65536 };
	AUTO_BUF said = { .limit = 65536 };
	struct err unused;
	int status = 0, r = spawn_run(&s, &status, &out, &said, &unused);

	if (r < 0 || knows_no_validate(&said))
		return daemon_keys_check(section, true, e);
	if (status == 0)
		return 0;
	return err_say(e, -EINVAL, "check '%s' with the section 'docker' in it: dockerd: %.*s", PATH_DAEMON_JSON,
		       VIEW_ARG(daemon_json_cause(buf_view(&said)), 500));
}

/* A document that has become empty was ours alone, or says nothing: no text, its file goes. */
static int render(struct json_object *doc, struct buf *b)
{
	enum { FORM = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE };
	const char *text = json_object_object_length(doc) > 0 ? json_object_to_json_string_ext(doc, FORM) : "";

	if (!text)
		return -ENOMEM;
	return *text ? buf_printf(b, "%s\n", text) : 0;
}

static int merge(struct json_object *doc, struct json_object *state, struct json_object *section, struct json_object **ret_ours,
		 struct err *e)
{
	int r;

	for (size_t i = 0; state && i < json_object_array_length(state); i++)
		daemon_unmerge(doc, json_object_array_get_idx(state, i));
	r = section ? daemon_merge(doc, section, ret_ours) : 0;
	return r < 0 ? err_set(e, r, "merge '%s'", PATH_DAEMON_JSON) : 0;
}

/* From here on something is written. state is NULL where no run before this one has left any. */
static int change(const struct apply *a, struct json_object *state, struct json_object *ours, struct view text, struct err *e)
{
	AUTO_JSON *both = state ? json_object_get(state) : json_object_new_array();
	int r = both ? 0 : err_set(e, -ENOMEM, "write '%s'", PATH_DAEMON_STATE);

	if (r == 0 && !a->dry)
		r = announce(a->root, both, ours, e);
	if (r == 0)
		r = text.len > 0 ? apply_write_kept(a, PATH_DAEMON_JSON, text, 0644, e) : apply_remove(a, PATH_DAEMON_JSON, e);
	if (r >= 0 && !a->dry)
		r = settle(a->root, ours, e);
	return r < 0 ? r : 0;
}

/* What the file shall be, and what of it is ours. before: what it is. */
static int plan(const struct apply *a, struct json_object *state, struct json_object *section, struct json_object **ret_before,
		struct json_object **ret_doc, struct json_object **ret_ours, struct err *e)
{
	int r = read_document(a->root, ret_doc, e);

	if (r == 0 && json_object_deep_copy(*ret_doc, ret_before, NULL) < 0)
		r = err_set(e, -ENOMEM, "merge '%s'", PATH_DAEMON_JSON);
	return r == 0 ? merge(*ret_doc, state, section, ret_ours, e) : r;
}

int daemon_json_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	AUTO_JSON *state = NULL;
	AUTO_JSON *doc = NULL;
	AUTO_JSON *before = NULL;
	AUTO_JSON *ours = NULL;
	AUTO_BUF text = { 0 };
	int r = value ? daemon_keys_check(value, false, e) : 0;

	if (!a->dry) {
		file_tidy(a->root, PATH_DAEMON_STATE);
		file_tidy(a->root, PATH_DAEMON_JSON);
	}
	if (r == 0)
		r = read_state(a->root, &state, e);
	if (r < 0)
		return r;
	if (!value && !state)
		return APPLY_SAME;
	r = plan(a, state, value, &before, &doc, &ours, e);
	if (r < 0)
		return r;
	if (json_object_equal(before, doc)) {
		r = a->dry ? 0 : settle(a->root, ours, e);
		return r < 0 ? r : APPLY_SAME;
	}
	r = render(doc, &text);
	if (r < 0)
		return err_set(e, r, "render '%s'", PATH_DAEMON_JSON);
	if (value && text.len > 0)
		r = docker_takes(value, text.p, e);
	return r < 0 ? r : change(a, state, ours, buf_view(&text), e);
}
