#include <errno.h>

#include "common/file.h"
#include "common/paths.h"
#include "init/environment.h"
#include "tests/unit/test.h"

static char       folder[64];
static int        root = -1;
static struct err err;

static int set_up(void **state)
{
	(void) state;
	strcpy(folder, "/tmp/test-environment-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return root_open(folder, &root, &err);
}

static int tear_down(void **state)
{
	char command[128];

	(void) state;
	fd_closep(&root);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static void give(const char *path, const char *text, size_t len)
{
	assert_int_equal(dir_make(root, "/etc/ecs", 0755, &err), 0);
	assert_int_equal(dir_make(root, "/var/lib/ecs", 0755, &err), 0);
	assert_true(file_replace(root, path, text, len, 0600, &err) >= 0);
}

static void give_text(const char *path, const char *text)
{
	give(path, text, strlen(text));
}

static const char *get(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "(none)";
}

/* As systemd made it at the start, then as systemd would make it now. */
static void test_names_come_and_go_with_the_files(void **state)
{
	struct environment env = { .names = { .p = NULL } };

	(void) state;
	setenv("T_UNIT", "unit", 1);
	setenv("T_OLD", "1", 1);
	setenv("T_BOTH", "user", 1);
	give_text(PATH_INSTANCE_CONFIG, "T_BOTH=ami\nT_AMI=1\n");
	give_text(PATH_ECS_CONFIG, "T_OLD=1\nT_BOTH=user\n");
	environment_note(root, &env);
	assert_string_equal(get("T_AMI"), "(none)"); /* noted, not set */
	give_text(PATH_ECS_CONFIG, "# T_OLD=1\nT_NEW=a=b \nT_QUOTED=\"x y\"\nT_SINGLE='z'\nT_HALF=\"q\nT_JSON={\"a\":\"1\"}\nT_EMPTY=\n1BAD=x\nno pair");
	assert_int_equal(environment_refresh(root, &env, &err), 0);
	assert_string_equal(get("T_OLD"), "(none)");
	assert_string_equal(get("T_BOTH"), "ami");
	assert_string_equal(get("T_AMI"), "1");
	assert_string_equal(get("T_NEW"), "a=b");
	assert_string_equal(get("T_QUOTED"), "x y");
	assert_string_equal(get("T_SINGLE"), "z");
	assert_string_equal(get("T_HALF"), "\"q");
	assert_string_equal(get("T_JSON"), "{\"a\":\"1\"}");
	assert_string_equal(get("T_EMPTY"), "");
	assert_string_equal(get("T_UNIT"), "unit");
	assert_int_equal(file_remove(root, PATH_ECS_CONFIG, &err), 0);
	assert_int_equal(file_remove(root, PATH_INSTANCE_CONFIG, &err), 0);
	assert_int_equal(environment_refresh(root, &env, &err), 0);
	assert_string_equal(get("T_NEW"), "(none)");
	assert_string_equal(get("T_AMI"), "(none)");
	assert_string_equal(get("T_UNIT"), "unit");
	buf_done(&env.names);
}

static void test_what_cannot_be_taken_changes_nothing(void **state)
{
	struct environment env = { .names = { .p = NULL } };
	char *long_line = malloc(200000);

	(void) state;
	assert_non_null(long_line);
	memset(long_line, 'x', 200000);
	memcpy(long_line, "T_LONG=", 7);
	give_text(PATH_ECS_CONFIG, "T_KEPT=1\n");
	assert_int_equal(environment_refresh(root, &env, &err), 0);
	give(PATH_ECS_CONFIG, long_line, 200000);
	assert_int_equal(environment_refresh(root, &env, &err), -E2BIG);
	assert_says(err, "take over the environment of '" PATH_ECS_CONFIG "': ");
	assert_string_equal(get("T_KEPT"), "1");
	give(PATH_ECS_CONFIG, "T_NUL=a\0b\nT_AFTER=1\n", 20);
	assert_int_equal(environment_refresh(root, &env, &err), 0);
	assert_string_equal(get("T_NUL"), "a");
	assert_string_equal(get("T_AFTER"), "1");
	assert_int_equal(file_remove(root, PATH_ECS_CONFIG, &err), 0);
	assert_int_equal(dir_make(root, PATH_ECS_CONFIG, 0755, &err), 0);
	assert_true(environment_refresh(root, &env, &err) < 0);
	assert_string_equal(get("T_AFTER"), "1");
	free(long_line);
	buf_done(&env.names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_come_and_go_with_the_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_taken_changes_nothing, set_up, tear_down),
	};

	return RUN("environment", tests);
}
