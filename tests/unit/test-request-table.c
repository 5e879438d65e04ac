/*
 * The whole request for the agent's container, byte for byte, in one situation after another: each file in
 * tests/unit/requests holds a host (files, folders, environment, Docker's API) and what must come of it. Written by hand
 * from what Amazon's ecs-init does; never regenerate them from what this program says.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "init/engine/container.h"
#include "init/engine/request.h"
#include "tests/unit/test.h"

#define FOLDER "tests/unit/requests/"

static char dir[64];

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void) st;
	(void) kind;
	(void) ftw;
	return remove(path);
}

/* Nothing of the caller's but what tells cmocka how to print. */
static void clear_environment(void)
{
	const char *output = getenv("CMOCKA_MESSAGE_OUTPUT");
	AUTO_BUF kept = { 0 };

	if (output)
		assert_int_equal(buf_printf(&kept, "%s", output), 0);
	clearenv();
	if (output)
		setenv("CMOCKA_MESSAGE_OUTPUT", kept.p, 1);
}

static int tear_down(void **state)
{
	(void) state;
	clear_environment();
	return nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct json_object *member(struct json_object *o, const char *name, enum json_type type)
{
	struct json_object *value = NULL;

	if (json_get(o, type, &value, name, NULL) < 0)
		fail_msg("'%s' is not there", name);
	return value;
}

static void make_file(int root, const char *path, const char *text)
{
	char folder[512];
	struct err e;

	snprintf(folder, sizeof folder, "%.*s", (int) (strrchr(path, '/') - path), path);
	assert_int_equal(dir_make(root, folder, 0755, &e), 0);
	assert_true(file_replace(root, path, text, strlen(text), text[0] == '#' && text[1] == '!' ? 0755 : 0644, &e) >= 0);
}

/* "@ROOT@" in a value is the folder that stands for "/". */
static void set_environment(const char *name, const char *value)
{
	const char *mark = strstr(value, "@ROOT@");
	char text[512];

	if (mark)
		snprintf(text, sizeof text, "%.*s%s%s", (int) (mark - value), value, dir, mark + 6);
	else
		snprintf(text, sizeof text, "%s", value);
	assert_int_equal(setenv(name, text, 1), 0);
}

static int make_host(struct json_object *given)
{
	struct json_object *folders = member(given, "folders", json_type_array);
	struct err e;
	int root;

	snprintf(dir, sizeof dir, "/tmp/test-request.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(root_open(dir, &root, &e), 0);
	clear_environment();
	json_object_object_foreach(member(given, "environment", json_type_object), name, value)
		set_environment(name, json_object_get_string(value));
	json_object_object_foreach(member(given, "files", json_type_object), path, text)
		make_file(root, path, json_object_get_string(text));
	for (size_t i = 0; i < json_object_array_length(folders); i++)
		assert_int_equal(dir_make(root, json_object_get_string(json_object_array_get_idx(folders, i)), 0755, &e), 0);
	return root;
}

static struct json_object *read_case(const char *name)
{
	AUTO_BUF text = { 0 };
	struct json_object *o;
	struct json_place at;
	char path[256];
	struct err e;

	snprintf(path, sizeof path, FOLDER "%s.json", name);
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &e) != 0)
		fail_msg("%s: not there; run this from the top folder", path);
	if (json_parse(buf_view(&text), &o, &at, &e) < 0)
		fail_msg("%s:%u:%u: %s", path, at.line, at.column, e.text);
	return o;
}

/* The hash is another for each request; that it is there, and is one, is looked at, then it is taken out. */
static void take_hash(struct json_object *request)
{
	struct json_object *labels = member(request, "Labels", json_type_object);
	const char *hash = json_text(labels, HASH_LABEL, NULL);

	assert_non_null(hash);
	assert_int_equal(strspn(hash, "0123456789abcdef"), 64);
	assert_int_equal(strlen(hash), 64);
	json_object_object_del(labels, HASH_LABEL);
}

static const char *pretty(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void test_request(void **state)
{
	AUTO_JSON *given = read_case(*state), *got = NULL;
	AUTO_FD root = make_host(given);
	AUTO_HOST h = { .api = 0 };
	struct err e;

	assert_int_equal(host_look(root, &h, &e), 0);
	h.api = json_object_get_int(member(given, "docker_api", json_type_int));
	got = agent_request(&h, "sha256:1");
	take_hash(got);
	assert_string_equal(pretty(got), pretty(member(given, "request", json_type_object)));
}

/* A file that no test names would say nothing. */
static void test_each_file_is_used(void **state)
{
	glob_t found;

	assert_int_equal(glob(FOLDER "*.json", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, *(const size_t *) *state);
	globfree(&found);
}

#define CASE(name) { "request " name, test_request, NULL, tear_down, (char[]) { name } }

int main(void)
{
	static size_t cases;
	const struct CMUnitTest tests[] = {
		CASE("al2023"), CASE("debian"), CASE("suse"), CASE("bare"), CASE("external"), CASE("external-by-unit"),
		CASE("external-not-quite"), CASE("gpu"), CASE("gpu-none"), CASE("gpu-none-by-user"), CASE("gpu-broken"), CASE("privileged"),
		CASE("privileged-not-quite"), CASE("pid-host"), CASE("gmsa"), CASE("gmsa-own-socket"), CASE("gmsa-unit-only"),
		CASE("docker-1.24"), CASE("docker-1.25"), CASE("docker-1.40"), CASE("cgroup-v1"), CASE("docker-host"),
		CASE("docker-host-unit-only"), CASE("docker-host-tcp"), CASE("log-awslogs"), CASE("log-journald"), CASE("log-unknown"),
		CASE("log-options"), CASE("apparmor"), CASE("apparmor-own"), CASE("apparmor-blank"), CASE("apparmor-not-loaded"),
		CASE("apparmor-off"), CASE("apparmor-in-container"), CASE("apparmor-no-parser"), CASE("exec-only"), CASE("deps-only"),
		CASE("labels"), CASE("env-files"),
		{ "each file is used", test_each_file_is_used, NULL, NULL, &cases },
	};

	cases = ARRAY_LEN(tests) - 1;
	return RUN("request-table", tests);
}
