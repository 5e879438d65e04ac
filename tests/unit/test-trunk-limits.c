#include "bootstrap/trunk-limits.h"
#include "tests/unit/test.h"

static void known(const char *type, unsigned without, unsigned with)
{
	struct trunk_limits l = { .with = 0 };

	assert_int_equal(trunk_limits(type, &l), 0);
	if (l.without != without || l.with != with)
		fail_msg("%s: %u without, %u with", type, l.without, l.with);
}

static void test_known_types(void **state)
{
	(void) state;
	known("c5.large", 2, 10);
	known("c5.24xlarge", 14, 120);
	known("m6i.xlarge", 3, 20);
	known("a1.medium", 1, 10);
	known("i3.metal", 14, 133);
	known("p4d.24xlarge", 59, 120);
}

static void test_types_that_cannot_trunk(void **state)
{
	static const char *const types[] = { "t2.micro", "t3.medium", "t3a.large", "t4g.nano", "m4.large", "i3.large", "x1e.32xlarge" };
	struct trunk_limits l;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert_int_equal(trunk_limits(types[i], &l), TRUNK_NEVER);
}

static void test_what_is_in_no_table(void **state)
{
	static const char *const types[] = { "", ".", "c5", "c5.", ".large", "c5.largest", "c5.larg", "zz9.large", "c5 c5d.large", "c5.large 2", "*.large", "t2\n.micro", "2 10" };
	struct trunk_limits l;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (trunk_limits(types[i], &l) != TRUNK_UNKNOWN)
			fail_msg("'%s' is known", types[i]);
}

/* Every row of the data is found as it stands there. */
static void test_every_row(void **state)
{
	FILE *data = fopen("bootstrap/trunk-limits.tsv", "re");
	char line[256], type[64], without[16], with[16];
	unsigned rows = 0;

	(void) state;
	assert_non_null(data);
	while (fgets(line, sizeof line, data)) {
		if (line[0] == '#' || strstr(line, ".*"))
			continue;
		assert_int_equal(sscanf(line, "%63s %15s %15s", type, without, with), 3);
		known(type, (unsigned) atoi(without), (unsigned) atoi(with));
		rows++;
	}
	(void) fclose(data);
	assert_true(rows > 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_known_types),
		TEST(test_types_that_cannot_trunk),
		TEST(test_what_is_in_no_table),
		TEST(test_every_row),
	};

	return RUN("trunk-limits", tests);
}
