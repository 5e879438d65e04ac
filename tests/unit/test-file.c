#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static unsigned entries(const char *path)
{
	DIR *d = fdopendir(openat(test_root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void test_replace_makes_and_keeps(void **state)
{
	AUTO_BUF b = { 0 };
	struct stat before, after;
	struct err e;

	(void) state;
	assert_int_equal(dir_make(test_root, "/etc/ecs", 0755, &e), 0);
	assert_int_equal(file_read(test_root, "/etc/ecs/f", 10, &b, &e), FILE_ABSENT);
	assert_int_equal(file_replace(test_root, "/etc/ecs/f", "A=1\n", 4, 0600, &e), 0);
	assert_int_equal(fstatat(test_root, "etc/ecs/f", &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	assert_int_equal(file_replace(test_root, "/etc/ecs/f", "A=1\n", 4, 0600, &e), FILE_SAME);
	assert_int_equal(fstatat(test_root, "etc/ecs/f", &after, 0), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_int_equal(file_replace(test_root, "/etc/ecs/f", "A=1\n", 4, 0644, &e), 0); /* same bytes, other mode */
	assert_int_equal(file_read(test_root, "/etc/ecs/f", 10, &b, &e), 0);
	assert_string_equal(b.p, "A=1\n");
	assert_int_equal(entries("etc/ecs"), 1);
}

static void test_replace_fails_whole(void **state)
{
	AUTO_BUF b = { 0 };
	struct err e;

	(void) state;
	assert_int_equal(file_replace(test_root, "/nowhere/f", "x", 1, 0600, &e), -ENOENT);
	assert_says(e, "'/nowhere/f'");
	assert_int_equal(dir_make(test_root, "/folder/inside", 0755, &e), 0);
	assert_true(file_replace(test_root, "/folder", "x", 1, 0600, &e) < 0);
	assert_int_equal(entries("folder"), 1);
	assert_int_equal(entries("."), 2); /* etc, folder: no temporary file is left */
	assert_true(file_read(test_root, "/folder", 10, &b, &e) < 0);
}

/* A link at the name is replaced, not followed: /etc/ecs may hold what somebody else put there. */
static void test_replace_does_not_follow_links(void **state)
{
	struct stat st;
	struct err e;

	(void) state;
	assert_int_equal(file_replace(test_root, "/victim", "old", 3, 0600, &e), 0);
	assert_int_equal(symlinkat("victim", test_root, "link"), 0);
	assert_int_equal(file_replace(test_root, "/link", "new", 3, 0600, &e), 0);
	assert_int_equal(fstatat(test_root, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	AUTO_BUF b = { 0 };
	assert_int_equal(file_read(test_root, "/victim", 10, &b, &e), 0);
	assert_string_equal(b.p, "old");
}

static void test_read_has_a_limit(void **state)
{
	AUTO_BUF b = { 0 };
	struct err e;

	(void) state;
	assert_int_equal(file_replace(test_root, "/big", "12345", 5, 0600, &e), 0);
	assert_int_equal(file_read(test_root, "/big", 4, &b, &e), -EMSGSIZE);
	assert_says(e, "larger than 4 bytes");
	assert_int_equal(mkfifoat(test_root, "fifo", 0600), 0);
	AUTO_BUF none = { 0 };
	assert_int_equal(file_read(test_root, "/fifo", 4, &none, &e), -EINVAL); /* a pipe put there cannot hold us up */
	assert_says(e, "no regular file");
}

static void test_remove(void **state)
{
	struct err e;

	(void) state;
	assert_int_equal(file_remove(test_root, "/gone", &e), 0);
	assert_int_equal(file_replace(test_root, "/there", "x", 1, 0600, &e), 0);
	assert_int_equal(file_remove(test_root, "/there", &e), 0);
	assert_false(file_exists(test_root, "/there"));
	assert_int_equal(file_replace(test_root, "/plain", "x", 1, 0600, &e), 0);
	assert_int_equal(dir_make(test_root, "/plain", 0755, &e), -ENOTDIR);
}

/* Files that look like those of a writer that was killed, and one whose writer lives. */
static void test_what_killed_writers_left_goes(void **state)
{
	static const char *const others[] = { ".f.1234567", ".f.123456789", ".f.1234567g", ".g.12345678", "f.12345678", ".f.12345678.", "f.12345678x" };
	struct err e;
	int living;

	(void) state;
	assert_int_equal(dir_make(test_root, "/left", 0755, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		char path[64];

		snprintf(path, sizeof path, "left/%s", others[i]);
		close(openat(test_root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	close(openat(test_root, "left/.f.0badcafe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(mkfifoat(test_root, "left/.f.00000001", 0600), 0);
	assert_int_equal(symlinkat("f", test_root, "left/.f.00000002"), 0);
	living = openat(test_root, "left/.f.0000beef", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(living, LOCK_EX), 0);
	assert_int_equal(file_replace(test_root, "/left/f", "new", 3, 0600, &e), 0);
	assert_false(file_exists(test_root, "/left/.f.0badcafe"));
	assert_true(file_exists(test_root, "/left/.f.0000beef"));
	assert_int_equal(entries("left"), ARRAY_LEN(others) + 4); /* and the pipe, the link, the living one's, f */
	close(living);
	assert_int_equal(file_replace(test_root, "/left/f", "new", 3, 0600, &e), FILE_SAME);
	assert_int_equal(entries("left"), ARRAY_LEN(others) + 3);
	close(openat(test_root, "left/.f.0badcafe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(file_remove(test_root, "/left/f", &e), 0);
	assert_int_equal(entries("left"), ARRAY_LEN(others) + 2);
}

/* Two writers of one file and cleaners between them: all succeed, the file is always one of the two, nothing is left. */
static void test_writers_do_not_disturb_each_other(void **state)
{
	static const char *const texts[] = { "first\n", "second\n" };
	struct err e;
	pid_t child[3];

	(void) state;
	assert_int_equal(dir_make(test_root, "/race", 0755, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(child); i++) {
		child[i] = fork();
		if (child[i] != 0)
			continue;
		for (int n = 0; n < 300; n++)
			if (i == 2 ? file_remove(test_root, "/race/f", &e) < 0 : file_replace(test_root, "/race/f", texts[i], strlen(texts[i]), 0600, &e) < 0)
				_exit(1);
		_exit(0);
	}
	for (size_t i = 0; i < ARRAY_LEN(child); i++) {
		int status;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(file_replace(test_root, "/race/f", texts[0], strlen(texts[0]), 0600, &e) < 0, 0);
	assert_int_equal(entries("race"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_replace_makes_and_keeps), TEST(test_replace_fails_whole), TEST(test_replace_does_not_follow_links),
		TEST(test_read_has_a_limit), TEST(test_remove), TEST(test_what_killed_writers_left_goes),
		TEST(test_writers_do_not_disturb_each_other),
	};

	return RUN_IN_ROOT("file", tests);
}
