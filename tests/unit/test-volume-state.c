/* The plugin's volumes and its state file: the peer's, of every age; ours; and what is neither. */
#include <errno.h>

#include "efs/plugin/names.h"
#include "efs/plugin/volumes.h"
#include "tests/unit/test.h"

static const char peer[] =
	"{\n\t\"volumes\": {\n\t\t\"ecs-a-1\": {\n\t\t\t\"type\": \"efs\",\n\t\t\t\"path\": \"/var/lib/ecs/volumes/ecs-a-1\",\n"
	"\t\t\t\"options\": {\n\t\t\t\t\"device\": \"fs-1:/x\",\n\t\t\t\t\"o\": \"tls,iam\",\n\t\t\t\t\"type\": \"efs\"\n\t\t\t},\n"
	"\t\t\t\"createdAt\": \"2026-01-02T03:04:05.678Z\",\n\t\t\t\"mounts\": {\n\t\t\t\t\"id1\": 2\n\t\t\t}\n\t\t}\n\t}\n}";

static int parse(const char *text, struct volumes *t, struct err *e)
{
	return volumes_parse(view_of(text), t, e);
}

static void assert_renders(const struct volumes *t, const char *text)
{
	AUTO_BUF b = { .p = NULL };

	assert_int_equal(volumes_render(t, &b), 0);
	assert_string_equal(b.p, text);
}

static void test_the_peers_file_byte_for_byte(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	struct volume *v;
	struct err e;

	(void) state;
	assert_int_equal(parse(peer, &t, &e), 0);
	assert_int_equal(t.count, 1);
	v = volumes_find(&t, "ecs-a-1");
	assert_non_null(v);
	assert_string_equal(volume_type(v), "efs");
	assert_string_equal(volume_option(v, "device"), "fs-1:/x");
	assert_string_equal(volume_option(v, "target"), "");
	assert_string_equal(volume_created(v), "2026-01-02T03:04:05.678Z");
	assert_int_equal(volume_count(v, "id1"), 2);
	assert_true(volume_is_ours(v));
	assert_renders(&t, peer);
}

static void test_counts(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	struct volume *v;
	struct err e;

	(void) state;
	assert_int_equal(parse(peer, &t, &e), 0);
	v = volumes_find(&t, "ecs-a-1");
	assert_int_equal(volume_count_up(v, "id2"), 0);
	assert_int_equal(volume_count_up(v, "id2"), 0);
	assert_int_equal(volume_count(v, "id2"), 2);
	assert_int_equal(volume_users(v), 2);
	volume_count_down(v, "id2");
	volume_count_down(v, "id2");
	volume_count_down(v, "id2"); /* once too often */
	volume_count_down(v, "never");
	assert_int_equal(volume_count(v, "id2"), 0);
	assert_int_equal(volume_users(v), 1);
	volume_forget_users(v);
	assert_int_equal(volume_users(v), 0);
}

static void test_old_counts_become_one(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	struct volume *v;
	struct err e;

	(void) state;
	assert_int_equal(parse("{\"volumes\":{\"v\":{\"path\":\"/p\",\"mounts\":{\"a\":null,\"b\":0,\"c\":-4,\"d\":3}}}}", &t, &e), 0);
	v = volumes_find(&t, "v");
	assert_int_equal(volume_count(v, "a"), 1);
	assert_int_equal(volume_count(v, "b"), 1);
	assert_int_equal(volume_count(v, "c"), 1);
	assert_int_equal(volume_count(v, "d"), 3);
	assert_false(volume_is_ours(v));
}

static void test_empty_members_are_left_out(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	struct volume *v;
	struct err e;

	(void) state;
	assert_int_equal(parse("{}", &t, &e), 0);
	assert_renders(&t, "{}");
	v = volumes_add(&t, "n", "", "/p", NULL);
	assert_non_null(v);
	assert_int_equal(volume_count_up(v, "x"), 0);
	volume_count_down(v, "x");
	assert_renders(&t, "{\n\t\"volumes\": {\n\t\t\"n\": {\n\t\t\t\"path\": \"/p\"\n\t\t}\n\t}\n}");
	volumes_remove(&t, v);
	assert_renders(&t, "{}");
}

static void test_what_a_newer_version_wrote_stays(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	AUTO_BUF b = { .p = NULL };
	struct err e;

	(void) state;
	assert_int_equal(parse("{\"version\":9,\"volumes\":{\"v\":{\"type\":\"lustre\",\"path\":\"/p\",\"quota\":[1,2]}}}", &t, &e), 0);
	assert_string_equal(volume_type(volumes_find(&t, "v")), "lustre");
	assert_false(volume_type_is_known("lustre"));
	assert_int_equal(volumes_render(&t, &b), 0);
	assert_non_null(strstr(b.p, "\"version\": 9"));
	assert_non_null(strstr(b.p, "\"quota\""));
}

static void test_damage(void **state)
{
	static const struct {
		const char *text, *says;
		size_t      whole;
	} cases[] = {
		{ "", "it is empty", 0 },
		{ " \n", "it is empty", 0 },
		{ "{\"volumes\":{\"a\":{\"path\":\"/p\"", "line 1, column", 0 },
		{ "[]", "is no object", 0 },
		{ "null", "is no object", 0 },
		{ "{\"volumes\":[]}", "is no object", 0 },
		{ "{\"volumes\":{\"a\":[],\"b\":{\"path\":\"/p\"}}}", "'a': its entry is no object", 1 },
		{ "{\"volumes\":{\"a\":{\"path\":7},\"b\":{\"path\":\"/p\"}}}", "is no string", 1 },
		{ "{\"volumes\":{\"a\":{\"path\":\"p\"}}}", "path is no path", 0 },
		{ "{\"volumes\":{\"a\":{}}}", "path is no path", 0 },
		{ "{\"volumes\":{\"a\":{\"path\":\"/p/../q\"}}}", "path is no path", 0 },
		{ "{\"volumes\":{\"a\":{\"path\":\"/p\",\"mounts\":[\"x\"]}}}", "mounts is no object", 0 },
		{ "{\"volumes\":{\"a\":{\"path\":\"/p\",\"mounts\":{\"x\":\"1\"}}}}", "mounts is no count", 0 },
		{ "{\"volumes\":{\"a\":{\"path\":\"/p\",\"options\":{\"o\":1}}}}", "no string", 0 },
		{ "{\"volumes\":{\"a\\u0000b\":{\"path\":\"/p\"}}}", "NUL", 0 },
		{ "{\"volumes\":{}} x", "unexpected character", 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_VOLUMES t = { .document = NULL };
		struct err e;

		assert_int_equal(parse(cases[i].text, &t, &e), VOLUMES_DAMAGED);
		assert_says(e, cases[i].says);
		assert_int_equal(t.count, cases[i].whole);
	}
}

static void test_many_stay_sorted(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	char name[16];

	(void) state;
	assert_int_equal(volumes_new(&t), 0);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "v%03u", i * 7 % 500);
		assert_non_null(volumes_add(&t, name, "efs", "/p", NULL));
	}
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "v%03u", i);
		assert_string_equal(t.list[i]->name, name);
	}
	for (unsigned i = 0; i < 500; i += 2) {
		snprintf(name, sizeof name, "v%03u", i);
		volumes_remove(&t, volumes_find(&t, name));
		assert_null(volumes_find(&t, name));
	}
	assert_int_equal(t.count, 250);
}

static void test_names(void **state)
{
	char long_name[300];
	struct err e;

	(void) state;
	memset(long_name, 'x', sizeof long_name);
	long_name[256] = '\0';
	assert_int_equal(name_check(long_name, &e), -EINVAL);
	long_name[255] = '\0';
	assert_int_equal(name_check(long_name, &e), 0);
	for (const char *const *bad = (const char *const[]) { "", ".", "..", "../x", "a/b", "/", "a\nb", "\x7f", NULL }; *bad; bad++)
		assert_int_equal(name_check(*bad, &e), -EINVAL);
	for (const char *const *good = (const char *const[]) { "a", "a..b", "...", "ecs-f-1-d-0a", "\xc3\xbc", NULL }; *good; good++)
		assert_int_equal(name_check(*good, &e), 0);
	for (const char *const *bad = (const char *const[]) { "", "a", "/", "//", "/a/../b", "/..", "/a/.", "/a\tb", NULL }; *bad; bad++)
		assert_int_equal(target_check(*bad, &e), -EINVAL);
	assert_int_equal(target_check("/mnt/..x/.y/", &e), 0);
	assert_int_equal(device_check("-oremount", &e), -EINVAL);
	assert_int_equal(device_check("fs-1:/-o", &e), 0);
	assert_int_equal(id_check("", &e), -EINVAL);
	assert_says(e, "no mount ID in the request");
}

static void test_times(void **state)
{
	(void) state;
	assert_true(is_time("2026-01-02T03:04:05Z"));
	assert_true(is_time("2026-01-02T03:04:05.678Z"));
	assert_true(is_time("2026-01-02T03:04:05.123456789+01:00"));
	for (const char *const *bad = (const char *const[]) { "", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z",
	                                                      "2026-01-02T03:04:05+1:00", "2026-01-02T03:04:05Zx", NULL }; *bad; bad++)
		assert_false(is_time(*bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_peers_file_byte_for_byte), TEST(test_counts), TEST(test_old_counts_become_one), TEST(test_empty_members_are_left_out),
		TEST(test_what_a_newer_version_wrote_stays), TEST(test_damage), TEST(test_many_stay_sorted), TEST(test_names), TEST(test_times),
	};

	return RUN("volume-state", tests);
}
