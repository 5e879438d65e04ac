#include <errno.h>

#include "bootstrap/starttasks-state.h"
#include "bootstrap/starttasks.h"
#include "tests/unit/test.h"

static struct err err;

static void test_marks(void **state)
{
	char one[START_MARK_SIZE], two[START_MARK_SIZE];

	(void) state;
	assert_int_equal(starttasks_mark("i-1", "{\"taskDefinition\":\"a\"}", 0, one), 0);
	assert_int_equal(starttasks_mark("i-1", "{\"taskDefinition\":\"a\"}", 0, two), 0);
	assert_string_equal(one, two);
	assert_true(strlen(one) <= 36);
	assert_int_equal(starttasks_mark("i-2", "{\"taskDefinition\":\"a\"}", 0, two), 0);
	assert_string_not_equal(one, two);
	assert_int_equal(starttasks_mark("i-1", "{\"taskDefinition\":\"a\"}", 1, two), 0);
	assert_string_not_equal(one, two);
	assert_int_equal(starttasks_mark("i-1", "{\"taskDefinition\":\"b\"}", 0, two), 0);
	assert_string_not_equal(one, two);
}

static int apply(const char *value)
{
	AUTO_JSON *v = value ? json_tokener_parse(value) : NULL;

	return starttasks_apply(&(struct apply) { .root = test_root }, v, &err);
}

static void test_list_is_left_for_the_unit(void **state)
{
	AUTO_BUF text = { 0 };

	(void) state;
	assert_int_equal(apply(NULL), APPLY_SAME);
	assert_int_equal(apply("[{\"taskDefinition\":\"a:1\"}]"), 0);
	assert_int_equal(file_read(test_root, PATH_START_TASKS, 1000, &text, &err), 0);
	assert_string_equal(text.p, "[{\"taskDefinition\":\"a:1\"}]");
	assert_int_equal(apply("[{\"taskDefinition\":\"a:1\"}]"), APPLY_SAME);
	assert_int_equal(apply("{}"), -EINVAL);
	assert_int_equal(apply("[{}]"), -EINVAL);
	assert_says(err, "set startTasks[0]: ");
	assert_int_equal(apply("[{\"taskDefinition\":\"a\",\"startedBy\":\"me\"}]"), -EINVAL);
	assert_says(err, "startedBy");
	assert_true(file_exists(test_root, PATH_START_TASKS));
	assert_int_equal(apply("[]"), 0);
	assert_false(file_exists(test_root, PATH_START_TASKS));
	assert_int_equal(apply(NULL), APPLY_SAME);
}

static void test_state(void **state)
{
	AUTO_STARTED one = { .doc = NULL }, same = { .doc = NULL }, other = { .doc = NULL };

	(void) state;
	assert_int_equal(started_open(test_root, "i-1", &one, &err), 0);
	assert_int_equal(started_state(&one, "m"), STARTED_NOT);
	assert_int_equal(started_set(&one, "m", "a:1", NULL, &err), 0);
	assert_int_equal(started_set(&one, "n", "b:1", "arn:n", &err), 0);
	assert_int_equal(started_open(test_root, "i-1", &same, &err), 0);
	assert_int_equal(started_state(&same, "m"), STARTED_STARTING);
	assert_int_equal(started_state(&same, "n"), STARTED_DONE);
	assert_int_equal(started_set(&same, "m", "a:1", "arn:m", &err), 0);
	assert_int_equal(started_state(&same, "m"), STARTED_DONE);
	assert_int_equal(started_forget(&same, "m", &err), 0);
	assert_int_equal(started_state(&same, "m"), STARTED_NOT);
	assert_int_equal(started_open(test_root, "i-2", &other, &err), 0);
	assert_int_equal(started_state(&other, "n"), STARTED_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_marks), TEST(test_list_is_left_for_the_unit), TEST(test_state) };

	return RUN_IN_ROOT("starttasks", tests);
}
