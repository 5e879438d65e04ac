#include <errno.h>
#include <sys/stat.h>

#include "bootstrap/dropin.h"
#include "tests/unit/test.h"

#define HEAD "# Written by ecs-bootstrap from user data at each boot; do not edit.\n[Service]\n"
#define UNIT "docker.service"
#define FOLDER "/etc/systemd/system/docker.service.d"
#define PATH FOLDER "/10-ecs-bootstrap-proxy.conf"

static void test_quoting(void **state)
{
	static const struct {
		const char *value, *line;
	} cases[] = {
		{ "http://h:1", "Environment=\"X=http://h:1\"\n" },
		{ "a%40b%%", "Environment=\"X=a%%40b%%%%\"\n" },
		{ "say \"yes\"", "Environment=\"X=say \\\"yes\\\"\"\n" },
		{ "back\\slash\\", "Environment=\"X=back\\\\slash\\\\\"\n" },
		{ "$HOME 'a' # ; b", "Environment=\"X=$HOME 'a' # ; b\"\n" },
		{ "", "Environment=\"X=\"\n" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF b = { 0 };
		struct dropin_variable v = { "X", cases[i].value, false };

		assert_int_equal(dropin_render(&v, 1, "/f", &b), 0);
		assert_int_equal(strncmp(b.p, HEAD, strlen(HEAD)), 0);
		assert_string_equal(b.p + strlen(HEAD), cases[i].line);
	}
}

static void test_variables_without_a_value_are_left_out(void **state)
{
	struct dropin_variable v[] = { { "A", NULL, true }, { "B", "1", false }, { "C", NULL, false } };
	AUTO_BUF b = { 0 };
	AUTO_BUF none = { 0 };

	(void) state;
	assert_int_equal(dropin_render(v, ARRAY_LEN(v), "/f", &b), 0);
	assert_string_equal(b.p, HEAD "Environment=\"B=1\"\n");
	assert_int_equal(dropin_render(v, 1, "/f", &none), 0);
	assert_int_equal(none.len, 0);
}

static void test_secrets_stand_in_the_file(void **state)
{
	struct dropin_variable v[] = { { "A", "http://u:p%40@h", true }, { "B", "1", false } };
	AUTO_BUF text = { 0 }, file = { 0 }, only = { 0 }, none = { 0 };

	(void) state;
	assert_int_equal(dropin_render(v, 2, "/etc/f", &text), 0);
	assert_string_equal(text.p, HEAD "Environment=\"B=1\"\nEnvironmentFile=-/etc/f\n");
	assert_int_equal(dropin_render_file(v, 2, &file), 0);
	assert_string_equal(strchr(file.p, '\n') + 1, "A=http://u:p%40@h\n");
	assert_int_equal(dropin_render(v, 1, "/etc/f", &only), 0);
	assert_string_equal(only.p, HEAD "EnvironmentFile=-/etc/f\n");
	assert_int_equal(dropin_render_file(v + 1, 1, &none), 0);
	assert_int_equal(none.len, 0);
}

static void test_limit(void **state)
{
	struct dropin_variable v = { "A", "value", false };
	AUTO_BUF b = { .limit = sizeof HEAD + 10 };

	(void) state;
	assert_int_equal(dropin_render(&v, 1, "/f", &b), -EMSGSIZE);
}

static void test_file_and_folder_come_and_go(void **state)
{
	struct view text = view_of("[Service]\n"), none = { "", 0 };
	struct stat st;
	struct err e;
	struct apply a = { .root = test_root };

	(void) state;
	assert_int_equal(dropin_set(&a, UNIT, "proxy", none, &e), APPLY_SAME);
	assert_int_equal(dropin_set(&a, UNIT, "proxy", text, &e), 0);
	assert_int_equal(dropin_set(&a, UNIT, "proxy", text, &e), APPLY_SAME);
	assert_int_equal(fstatat(test_root, PATH + 1, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(dropin_set(&a, UNIT, "proxy", none, &e), 0);
	assert_false(file_exists(test_root, FOLDER));

	assert_int_equal(dropin_set(&a, UNIT, "proxy", text, &e), 0);
	assert_int_equal(file_replace(test_root, FOLDER "/user.conf", "x", 1, 0644, &e), 0);
	assert_int_equal(dropin_set(&a, UNIT, "proxy", none, &e), 0);
	assert_false(file_exists(test_root, PATH));
	assert_true(file_exists(test_root, FOLDER "/user.conf"));
	assert_int_equal(dropin_reload(&a, &e), DROPIN_NO_SYSTEMD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_quoting),
		TEST(test_variables_without_a_value_are_left_out),
		TEST(test_secrets_stand_in_the_file),
		TEST(test_limit),
		TEST(test_file_and_folder_come_and_go),
	};

	return RUN_IN_ROOT("dropin", tests);
}
