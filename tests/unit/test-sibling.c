/* Our programs beside the one that runs. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/sibling.h"
#include "tests/unit/test.h"

static struct err err;

static void test_path(void **state)
{
	char self[PATH_MAX], other[PATH_MAX], up[PATH_MAX];

	(void) state;
	assert_int_equal(sibling("test-sibling", self, sizeof self, &err), 0);
	assert_int_equal(sibling("ecs-netconf", other, sizeof other, &err), 0);
	assert_int_equal(sibling("../bin/ecs-netconf", up, sizeof up, &err), 0);
	assert_int_equal(self[0], '/');
	*strrchr(self, '/') = '\0';
	assert_memory_equal(other, self, strlen(self));
	assert_string_equal(other + strlen(self), "/ecs-netconf");
	assert_string_equal(up + strlen(self), "/../bin/ecs-netconf");
}

static void test_too_long(void **state)
{
	char exact[PATH_MAX], small[PATH_MAX];
	size_t needs;

	(void) state;
	assert_int_equal(sibling("a-program-with-a-longer-name-than-this-test", exact, sizeof exact, &err), 0);
	needs = strlen(exact) + 1;
	assert_int_equal(sibling("a-program-with-a-longer-name-than-this-test", small, needs, &err), 0);
	assert_int_equal(sibling("a-program-with-a-longer-name-than-this-test", small, needs - 1, &err), -ENAMETOOLONG);
	assert_int_equal(sibling("x", small, 4, &err), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_path), TEST(test_too_long) };

	return RUN("sibling", tests);
}
