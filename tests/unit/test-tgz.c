/* The archive of collect-logs: what is in it, as zlib unpacks it, and its limits. */
#include <errno.h>

#include "bootstrap/tgz.h"
#include "cloud-init/decode.h"
#include "tests/unit/test.h"

static struct err e;

static void unpack(const struct buf *packed, struct buf *ret)
{
	ret->limit = 1 << 20;
	assert_int_equal(decode_gzip(buf_view(packed), ret, &e), 0);
}

static void test_headers(void **state)
{
	AUTO_BUF out = { .limit = 4 << 20 }, tar = { 0 };
	AUTO_TGZ *t = NULL;

	(void) state;
	assert_int_equal(tgz_begin("folder", 1700000000, &out, &t, &e), 0);
	assert_int_equal(tgz_add(t, "a/b.txt", view_of("hello"), false, &e), 0);
	assert_int_equal(tgz_add(t, "empty", (struct view) { NULL, 0 }, true, &e), 0);
	assert_int_equal(tgz_end(t, &e), 0);
	unpack(&out, &tar);
	assert_int_equal(tar.len, 5 * 512); /* header, data, header, two blocks of zeroes */
	assert_string_equal(tar.p, "a/b.txt");
	assert_string_equal(tar.p + 100, "0000600");
	assert_string_equal(tar.p + 124, "00000000005");
	assert_string_equal(tar.p + 136, "14524770400");
	assert_string_equal(tar.p + 257, "ustar");
	assert_string_equal(tar.p + 345, "folder");
	assert_memory_equal(tar.p + 512, "hello\0", 6);
	assert_string_equal(tar.p + 1024, "empty");
}

static void test_limit(void **state)
{
	static char noise[1 << 20];
	AUTO_BUF out = { .limit = 4 << 20 }, tar = { 0 };
	AUTO_TGZ *t = NULL;
	unsigned x = 1, added = 0;

	(void) state;
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char) ((x = x * 1664525 + 1013904223) >> 24);
	assert_int_equal(tgz_begin("f", 0, &out, &t, &e), 0);
	while (added < 9 && tgz_add(t, "n", (struct view) { noise, sizeof noise }, false, &e) == 0)
		added++;
	assert_in_range(added, 1, 3);
	assert_int_equal(e.code, -EMSGSIZE);
	assert_says(e, "archive 'n': the archive would grow over 4 MiB");
	assert_int_equal(tgz_add(t, "last", view_of("x"), true, &e), 0); /* what was refused has left no trace */
	assert_int_equal(tgz_end(t, &e), 0);
	tar.limit = 8 << 20;
	assert_int_equal(decode_gzip(buf_view(&out), &tar, &e), 0);
	assert_int_equal(tar.len, added * (512 + sizeof noise) + 1024 + 1024);
	assert_string_equal(tar.p + added * (512 + sizeof noise), "last");
}

static void test_name_too_long(void **state)
{
	AUTO_BUF out = { 0 };
	AUTO_TGZ *t = NULL;
	char name[TGZ_NAME_MAX + 2];

	(void) state;
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_int_equal(tgz_begin("f", 0, &out, &t, &e), 0);
	assert_int_equal(tgz_add(t, name, view_of(""), false, &e), -EINVAL);
	name[TGZ_NAME_MAX] = '\0';
	assert_int_equal(tgz_add(t, name, view_of(""), false, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_headers), TEST(test_limit), TEST(test_name_too_long) };

	return RUN("tgz", tests);
}
