#include <errno.h>

#include "tests/unit/test.h"

static void test_set_and_wrap(void **state)
{
	struct err e;

	(void) state;
	assert_int_equal(err_set(&e, -ENOENT, "open '%s'", "/x"), -ENOENT);
	assert_string_equal(e.text, "open '/x': No such file or directory");
	assert_int_equal(err_wrap(&e, "read %s", "settings"), -ENOENT);
	assert_string_equal(e.text, "read settings: open '/x': No such file or directory");
}

static void test_code_is_always_negative(void **state)
{
	struct err e;

	(void) state;
	assert_int_equal(err_say(&e, 7, "x"), -EINVAL);
	assert_int_equal(err_set(&e, 0, "x"), -EINVAL);
}

static void test_one_line_whatever_is_quoted(void **state)
{
	struct err e;

	(void) state;
	(void) err_say(&e, -EINVAL, "read '%s'", "a\nlevel=fake\r\x1b[31m");
	assert_null(strpbrk(e.text, "\n\r\x1b"));
	(void) err_wrap(&e, "part\n%d", 1);
	assert_null(strchr(e.text, '\n'));
}

static void test_long_texts_are_cut(void **state)
{
	char big[4096];
	struct err e;

	(void) state;
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	(void) err_set(&e, -EIO, "%s", big);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_int_equal(err_wrap(&e, "wrap"), -EIO);
	assert_int_equal(strncmp(e.text, "wrap: xxx", 9), 0);
	(void) err_wrap(&e, "%s", big);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_set_and_wrap), TEST(test_code_is_always_negative), TEST(test_one_line_whatever_is_quoted),
		TEST(test_long_texts_are_cut),
	};

	return RUN("err", tests);
}
