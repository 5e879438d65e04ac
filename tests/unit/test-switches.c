#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/paths.h"
#include "netconf/switches.h"

#define SKIP    "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER"
#define OFFHOST "ECS_ALLOW_OFFHOST_INTROSPECTION_ACCESS"

static char       folder[64];
static int        root = -1;
static struct err err;
static const char *skip_in_environment;

static const char *environment(const char *name)
{
	return strcmp(name, SKIP) == 0 ? skip_in_environment : NULL;
}

static int set_up(void **state)
{
	(void) state;
	strcpy(folder, "/tmp/test-switches-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(root_open(folder, &root, &err), 0);
	assert_int_equal(dir_make(root, "/etc/ecs", 0755, &err), 0);
	assert_int_equal(dir_make(root, "/var/lib/ecs", 0755, &err), 0);
	skip_in_environment = NULL;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void) state;
	fd_closep(&root);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(file_replace(root, path, text, strlen(text), 0600, &err), 0);
}

static struct netconf load(const char *warnings)
{
	struct netconf nc = { .bridge = "docker0", .skip_localhost_filter = true, .allow_offhost_introspection = true };
	AUTO_BUF said = { .limit = 0 };

	assert_int_equal(switches_load(root, environment, &nc, &said, &err), 0);
	assert_string_equal(said.p ? said.p : "", warnings);
	assert_string_equal(nc.bridge, "docker0");
	return nc;
}

static void test_nothing_said_means_no(void **state)
{
	struct netconf nc = load("");

	(void) state;
	assert_false(nc.skip_localhost_filter || nc.allow_offhost_introspection);
}

static void test_files_and_their_order(void **state)
{
	struct netconf nc;

	(void) state;
	put(PATH_INSTANCE_CONFIG, SKIP "=true\n" OFFHOST "=1\n");
	put(PATH_ECS_CONFIG, "# x\n" SKIP "=false\n");
	nc = load("");
	assert_false(nc.skip_localhost_filter);
	assert_true(nc.allow_offhost_introspection);
}

static void test_environment_wins(void **state)
{
	(void) state;
	put(PATH_ECS_CONFIG, SKIP "=false\n");
	skip_in_environment = "T";
	assert_true(load("").skip_localhost_filter);
	skip_in_environment = "";
	assert_false(load("").skip_localhost_filter);
}

static void test_quotes_and_blanks(void **state)
{
	struct netconf nc;

	(void) state;
	put(PATH_ECS_CONFIG, SKIP "=\"true\"\r\n" OFFHOST "= 'true' \n");
	nc = load("");
	assert_true(nc.skip_localhost_filter && nc.allow_offhost_introspection);
}

static void test_what_is_no_bool_counts_as_no(void **state)
{
	(void) state;
	put(PATH_ECS_CONFIG, SKIP "=yes\n");
	assert_false(load("read " SKIP " in /etc/ecs/ecs.config: 'yes' is neither true nor false; taken as false\n")
			     .skip_localhost_filter);
	skip_in_environment = "TrUe";
	assert_false(load("read " SKIP " in the environment: 'TrUe' is neither true nor false; taken as false\n")
			     .skip_localhost_filter);
}

static void test_file_that_cannot_be_read(void **state)
{
	(void) state;
	assert_int_equal(dir_make(root, PATH_ECS_CONFIG, 0755, &err), 0);
	put(PATH_INSTANCE_CONFIG, SKIP "=true\n");
	assert_true(load("read '/etc/ecs/ecs.config': Is a directory; going on without it\n").skip_localhost_filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_said_means_no, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_files_and_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_environment_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quotes_and_blanks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_no_bool_counts_as_no, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_that_cannot_be_read, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("switches", tests, NULL, NULL);
}
