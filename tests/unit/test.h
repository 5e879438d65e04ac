/* What every unit test includes: cmocka with what it needs, a few asserts of our own, a folder that stands for /. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/attr.h"
#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/view.h"

#define assert_view(v, text)     assert_string_equal(test_text(v), text)
#define assert_says(e, part)     do { if (!strstr((e).text, part)) fail_msg("'%s' lacks '%s'", (e).text, part); } while (0)
#define TEST(f)                  cmocka_unit_test(f)
#define RUN(name, list)          cmocka_run_group_tests_name(name, list, NULL, NULL)
#define RUN_IN_ROOT(name, list)  cmocka_run_group_tests_name(name, list, test_root_make, test_root_remove)
#define TEST_IN_ROOT(f)          cmocka_unit_test_setup_teardown(f, test_root_make, test_root_remove)

/* For RUN_IN_ROOT and TEST_IN_ROOT: an empty folder, open; all in it goes with it. */
static char test_folder[32];
static int test_root = -1;

static inline int test_root_make(void **state)
{
	struct err e;

	(void) state;
	strcpy(test_folder, "/tmp/test-XXXXXX");
	return mkdtemp(test_folder) ? root_open(test_folder, &test_root, &e) : -1;
}

static inline int test_root_remove(void **state)
{
	char command[64];

	(void) state;
	fd_closep(&test_root);
	snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
	return system(command);
}

/* JSON that is right; the caller puts it. */
static inline struct json_object *test_json(const char *text)
{
	struct json_object *o = NULL;
	struct json_place at;
	struct err e;

	if (json_parse(view_of(text), &o, &at, &e) < 0)
		fail_msg("'%s': %s", text, e.text);
	return o;
}

/* A view as a string, good until the fourth call after. */
static inline const char *test_text(struct view v)
{
	static char text[4][4096];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(text[n], sizeof text[n], "%.*s", VIEW_ARG(v, sizeof text[n] - 1));
	return text[n];
}

#endif
