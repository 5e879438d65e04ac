/* The pieces of a download: ranges, the file it grows in, what is shown, and pauses after costly failures. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/paths.h"
#include "init/engine/damper.h"
#include "init/engine/partial.h"
#include "init/engine/progress.h"
#include "init/engine/transfer.h"
#include "tests/unit/test.h"

#define PATH_PART PATH_CACHE_DIR "/" PARTIAL_NAME

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		uint64_t    first, whole;
		int         want;
	} cases[] = {
		{ "bytes 0-0/1", 0, 1, 0 },       { "bytes 5-9/10", 5, 10, 0 },          { "bytes 5-7/10", 5, 10, 0 },
		{ "bytes 5-10/10", 0, 0, -EBADMSG }, { "bytes 6-5/10", 0, 0, -EBADMSG }, { "bytes 0-9/*", 0, 0, -EBADMSG },
		{ "bytes */10", 0, 0, -EBADMSG }, { "", 0, 0, -EBADMSG },                { "5-9/10", 0, 0, -EBADMSG },
		{ "bytes -1-9/10", 0, 0, -EBADMSG }, { "bytes 5-9/10 x", 0, 0, -EBADMSG },
		{ "bytes 0-99999999999999999999/999999999999999999999", 0, 0, -EBADMSG },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t first = 0, whole = 0;

		assert_int_equal(transfer_range(view_of(cases[i].text), &first, &whole), cases[i].want);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(whole, cases[i].whole);
	}
}

static int new_root(char *dir)
{
	int root;
	struct err e;

	strcpy(dir, "/tmp/test-download-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(root_open(dir, &root, &e), 0);
	return root;
}

static void drop_root(const char *dir, int root)
{
	char command[80];

	close(root);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

static int count(void *ctx, struct view data, struct err *e)
{
	(void) e;
	*(size_t *) ctx += data.len;
	return 0;
}

static void test_partial_goes_on_in_a_later_process(void **state)
{
	char dir[32];
	int root = new_root(dir);
	struct partial p = { .dir = -1, .file = -1 }, other = p;
	size_t n = 0;
	struct err e;

	(void) state;
	assert_int_equal(partial_open(root, &p, &e), 0);
	assert_null(partial_etag(&p, "k.tar"));
	assert_int_equal(partial_restart(&p, "k.tar", view_of("\"e1\""), &e), 0);
	assert_int_equal(partial_write(&p, view_of("hello"), &e), 0);
	assert_int_equal(partial_open(root, &other, &e), PARTIAL_BUSY); /* also within a process: another open file */
	partial_close(&p);
	assert_int_equal(partial_open(root, &p, &e), 0);
	assert_int_equal(p.size, 5);
	assert_string_equal(partial_etag(&p, "k.tar"), "\"e1\"");
	assert_null(partial_etag(&p, "k"));
	assert_null(partial_etag(&p, "k.tar.other"));
	assert_int_equal(partial_write(&p, view_of(" world"), &e), 0);
	assert_int_equal(partial_read(&p, count, &n, &e), 0);
	assert_int_equal(n, 11);
	assert_int_equal(partial_commit(&p, &e), 0);
	partial_close(&p);
	assert_false(file_exists(root, PATH_PART));
	assert_true(file_exists(root, PATH_IMAGE_TAR));
	drop_root(dir, root);
}

/* Without a note of what the bytes are, they are worth nothing; an empty file goes away. */
static void test_partial_of_nobody_knows_what(void **state)
{
	char dir[32];
	int root = new_root(dir);
	struct partial p;
	struct err e;

	(void) state;
	assert_int_equal(dir_make(root, PATH_CACHE_DIR, 0700, &e), 0);
	assert_int_equal(file_replace(root, PATH_PART, "junk", 4, 0600, &e), 0);
	assert_int_equal(partial_open(root, &p, &e), 0);
	assert_int_equal(p.size, 0);
	partial_close(&p);
	assert_false(file_exists(root, PATH_PART));
	drop_root(dir, root);
}

/* The name may be a trap: a link elsewhere, a second name of another file, a fifo. None of them is written to. */
static void test_partial_that_is_a_trap(void **state)
{
	char dir[32];
	int root = new_root(dir);

	(void) state;
	for (int kind = 0; kind < 3; kind++) {
		AUTO_BUF b = { 0 };
		struct partial p;
		struct err e;

		assert_int_equal(dir_make(root, PATH_CACHE_DIR, 0700, &e), 0);
		assert_int_equal(file_replace(root, "/victim", "precious", 8, 0600, &e) & ~FILE_SAME, 0);
		assert_int_equal(kind == 0 ? symlinkat("../../../victim", root, PATH_PART + 1)
					   : kind == 1 ? linkat(root, "victim", root, PATH_PART + 1, 0) : mkfifoat(root, PATH_PART + 1, 0600), 0);
		assert_int_equal(partial_open(root, &p, &e), 0);
		assert_int_equal(partial_restart(&p, "k", view_of("\"e\""), &e), 0);
		assert_int_equal(partial_write(&p, view_of("x"), &e), 0);
		assert_int_equal(partial_commit(&p, &e), 0);
		partial_close(&p);
		assert_int_equal(file_read(root, "/victim", 100, &b, &e), 0);
		assert_view(buf_view(&b), "precious");
	}
	drop_root(dir, root);
}

static void test_room(void **state)
{
	char dir[32];
	int root = new_root(dir);
	struct partial p;
	struct err e;

	(void) state;
	assert_int_equal(partial_open(root, &p, &e), 0);
	assert_int_equal(partial_room(&p, 1, &e), 0);
	assert_int_equal(partial_room(&p, (uint64_t) 1 << 60, &e), -ENOSPC);
	assert_says(e, "MB are needed");
	partial_close(&p);
	drop_root(dir, root);
}

static void test_progress_text(void **state)
{
	char text[96];

	(void) state;
	progress_text(text, sizeof text, 27200000, 80000000, 5200000, 1000);
	assert_string_equal(text, "34 %, 27 of 80 MB, 5.2 MB/s");
	progress_text(text, sizeof text, 27200000, 80000000, 5200000, 100);
	assert_string_equal(text, "34 %, 27 of 80 MB");
	progress_text(text, sizeof text, 27200000, 0, 0, 0);
	assert_string_equal(text, "27 MB");
	progress_text(text, 8, 27200000, 80000000, 5200000, 1000);
	assert_string_equal(text, "34 %, 2");
}

static void test_damper(void **state)
{
	static const struct {
		const char *text, *subject;
		long        now;
		unsigned    want;
	} cases[] = {
		{ "1 1000 download\n", "download", 1000, 5000 },   { "1 1000 download\n", "download", 5999, 1 },
		{ "1 1000 download\n", "download", 6000, 0 },      { "2 1000 download\n", "download", 1000, 10000 },
		{ "50 1000 download\n", "download", 1000, 300000 }, { "1 1000 load 7\n", "download", 1000, 0 },
		{ "1 1000 load 7\n", "load 7", 1000, 5000 },       { "1 1000 load 7\n", "load 8", 1000, 0 },
		{ "1 9000 download\n", "download", 1000, 0 },      { "", "download", 0, 0 },
		{ "x y download", "download", 0, 0 },              { "99999999999 1 download", "download", 0, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(damper_wait_ms(view_of(cases[i].text), cases[i].subject, cases[i].now), cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ranges), TEST(test_partial_goes_on_in_a_later_process), TEST(test_partial_of_nobody_knows_what),
		TEST(test_partial_that_is_a_trap), TEST(test_room), TEST(test_progress_text), TEST(test_damper),
	};

	return RUN("download", tests);
}
