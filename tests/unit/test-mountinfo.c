/* mountinfo: lines as the kernel writes them, escapes, and what is no line. */
#include <errno.h>

#include "efs/mountinfo.h"
#include "tests/unit/test.h"

static void test_all_fields(void **state)
{
	struct view rest = view_of("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - nfs4 127.0.0.1:/ rw,vers=4.1\n"
	                           "37 36 0:5 / / rw - ext4 /dev/x rw\n");
	struct mountinfo m;

	(void) state;
	assert_true(mountinfo_next(&rest, &m));
	assert_int_equal(m.id, 36);
	assert_int_equal(m.parent, 35);
	assert_view(m.root, "/mnt1");
	assert_view(m.point, "/mnt2");
	assert_view(m.options, "rw,noatime");
	assert_view(m.type, "nfs4");
	assert_view(m.source, "127.0.0.1:/");
	assert_view(m.super, "rw,vers=4.1");
	assert_true(mountinfo_next(&rest, &m)); /* no optional fields */
	assert_view(m.point, "/");
	assert_false(mountinfo_next(&rest, &m));
}

static void test_an_empty_source(void **state)
{
	struct view rest = view_of("36 35 0:1 / /a rw -  tmpfs rw\n36 35 0:1 / /b rw - tmpfs  rw\n");
	struct mountinfo m;

	(void) state;
	assert_true(mountinfo_next(&rest, &m));
	assert_true(mountinfo_next(&rest, &m));
	assert_view(m.point, "/b");
	assert_view(m.source, "");
	assert_view(m.super, "rw");
}

static void test_lines_that_are_none(void **state)
{
	static const char *const bad[] = {
		"", "\n", "36\n", "36 35 98:0 /a /b rw\n", "36 35 98:0 /a /b rw shared:1\n", "x 35 98:0 /a /b rw - t s o\n",
		"36 -1 98:0 /a /b rw - t s o\n", "36 35 98:0 /a b rw - t s o\n", "36 35 98:0 /a /b rw -\n", "36 35 98:0 /a /b rw - t\n",
	};
	struct mountinfo m;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct view rest = view_of(bad[i]);

		if (mountinfo_next(&rest, &m))
			fail_msg("'%s' is taken", bad[i]);
	}
	assert_int_equal(mountinfo_count(view_of("garbage\n36 35 98:0 / /b rw - t s o\nmore"), "/b"), 1);
}

static void test_decode(void **state)
{
	static const struct {
		const char *field, *text;
	} cases[] = {
		{ "/a\\040b", "/a b" }, { "\\011\\012\\134", "\t\n\\" }, { "/a\\04", "/a\\04" }, { "/a\\08x", "/a\\08x" },
		{ "\\400", "\\400" }, { "\\377", "\377" }, { "", "" }, { "\\", "\\" },
	};
	char text[16];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(mountinfo_decode(view_of(cases[i].field), text, sizeof text), strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
	assert_int_equal(mountinfo_decode(view_of("\\000"), text, sizeof text), -EINVAL);
	assert_int_equal(mountinfo_decode(view_of("123456789012345"), text, sizeof text), 15);
	assert_int_equal(mountinfo_decode(view_of("1234567890123456"), text, sizeof text), -ENAMETOOLONG);
	assert_int_equal(mountinfo_decode(view_of(""), text, 0), -ENAMETOOLONG);
}

static void test_same_path(void **state)
{
	static const struct {
		const char *field, *path;
		bool        same;
	} cases[] = {
		{ "/a/b", "/a/b", true }, { "/a/b", "/a/b/", true }, { "/a/b", "//a///b//", true }, { "/a\\040b", "/a b", true },
		{ "/", "/", true }, { "/", "///", true }, { "/a", "/", false }, { "/", "/a", false }, { "/a/b", "/a", false },
		{ "/a", "/a/b", false }, { "/ab", "/a/b", false }, { "/a/b", "/ab", false }, { "/a\\040b", "/a\\040b", false },
		{ "", "", false }, { "/a", "", false }, { "/a\\000", "/a", false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (mountinfo_is(view_of(cases[i].field), cases[i].path) != cases[i].same)
			fail_msg("'%s' and '%s'", cases[i].field, cases[i].path);
}

static void test_mounts_upon_each_other(void **state)
{
	const char *text = "1 0 0:1 / /v/a rw - nfs4 x rw\n2 1 0:2 / /v/a rw - tmpfs y rw\n3 0 0:3 / /v/ab rw - tmpfs y rw\n";

	(void) state;
	assert_int_equal(mountinfo_count(view_of(text), "/v/a"), 2);
	assert_int_equal(mountinfo_count(view_of(text), "/v/ab"), 1);
	assert_int_equal(mountinfo_count(view_of(text), "/v"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_fields), TEST(test_an_empty_source), TEST(test_lines_that_are_none), TEST(test_decode),
		TEST(test_same_path), TEST(test_mounts_upon_each_other),
	};

	return RUN("mountinfo", tests);
}
