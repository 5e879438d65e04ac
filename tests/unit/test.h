/* What every unit test includes: cmocka with what it needs, and a few asserts of our own. */
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
#include "common/view.h"

#define assert_view(v, text)     assert_string_equal(test_text(v), text)
#define assert_says(e, part)     do { if (!strstr((e).text, part)) fail_msg("'%s' lacks '%s'", (e).text, part); } while (0)
#define TEST(f)                  cmocka_unit_test(f)
#define RUN(name, list)          cmocka_run_group_tests_name(name, list, NULL, NULL)

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
