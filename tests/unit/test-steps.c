/* Records of steps: written for everybody to read, and whatever else stands there is no record. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/steps.h"
#include "tests/unit/test.h"

#define GOOD "RESULT=done\nBEGIN_MS=5\nEND_MS=17\nPID=1\nBOOT_ID=b\nCAUSE=it is so\n"

static const char *record(const char *name)
{
	static char text[4096];
	AUTO_BUF b = { 0 };
	struct err e;
	char path[128];

	snprintf(path, sizeof path, PATH_STEPS "/%s", name);
	if (file_read(test_root, path, STEP_FILE_MAX, &b, &e) != 0)
		return NULL;
	snprintf(text, sizeof text, "%s", b.p);
	return text;
}

static void test_what_is_noted_is_read(void **state)
{
	struct step s;
	struct stat st;
	char path[128];
	mode_t old = umask(0077);

	(void) state;
	step_note(test_root, "image", STEP_WARNED, 3, "as \"%s\"\nand so", "said");
	umask(old);
	assert_non_null(record("image"));
	assert_int_equal(step_read(view_of(record("image")), &s), 0);
	assert_int_equal(s.result, STEP_WARNED);
	assert_int_equal(s.begin_ms, 3);
	assert_true(s.end_ms > 3);
	assert_int_equal(s.pid, getpid());
	assert_string_equal(s.cause, "as \"said\" and so");
	snprintf(path, sizeof path, "%s" PATH_STEPS, test_folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	snprintf(path, sizeof path, "%s" PATH_STEPS "/image", test_folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
}

static void test_only_what_has_ended_has_an_end(void **state)
{
	struct step s;

	(void) state;
	step_note(test_root, "a", STEP_RUNNING, 3, "x");
	assert_int_equal(step_read(view_of(record("a")), &s), 0);
	assert_int_equal(s.end_ms, 0);
	assert_false(step_is(test_root, "a", STEP_DONE, NULL));
	step_note_ended(test_root, "a", STEP_DONE, 3, 8, "");
	assert_int_equal(step_read(view_of(record("a")), &s), 0);
	assert_int_equal(s.end_ms, 8);
	assert_false(step_is(test_root, "a", STEP_WARNED, NULL));
	assert_false(step_is(test_root, "a", STEP_DONE, "x"));
	assert_true(step_is(test_root, "a", STEP_DONE, ""));
	assert_true(step_is(test_root, "a", STEP_DONE, NULL));
	step_forget(test_root, "a");
	assert_null(record("a"));
	assert_false(step_is(test_root, "a", STEP_DONE, NULL));
	step_forget(test_root, "a");
}

static void write_boot_id(const char *id)
{
	struct err e;

	assert_int_equal(dir_make(test_root, "/proc/sys/kernel/random", 0755, &e), 0);
	assert_int_equal(file_replace(test_root, "/proc/sys/kernel/random/boot_id", id, strlen(id), 0644, &e), 0);
}

static void test_done_on_another_boot_is_not_done(void **state)
{
	char id[40];

	(void) state;
	write_boot_id("one\n");
	step_boot_id(test_root, id);
	assert_string_equal(id, "one");
	step_note(test_root, "a", STEP_DONE, 3, "x");
	assert_true(step_is(test_root, "a", STEP_DONE, NULL));
	write_boot_id("two\n");
	assert_false(step_is(test_root, "a", STEP_DONE, NULL));
	write_boot_id("an id that is much longer than any that a kernel gives\n");
	step_boot_id(test_root, id);
	assert_string_equal(id, "");
}

static void test_long_causes_are_cut(void **state)
{
	struct step s;
	char text[3000];

	(void) state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	step_note(test_root, "a", STEP_FAILED, 0, "%s", text);
	assert_int_equal(step_read(view_of(record("a")), &s), 0);
	assert_int_equal(strlen(s.cause), STEP_CAUSE_SIZE - 1);
	assert_false(step_is(test_root, "a", STEP_FAILED, text));
}

/* What cannot be written is not; nothing else happens. */
static void test_no_place_is_no_trouble(void **state)
{
	static const char *const names[] = { "", "../a", ".a", "a/b", "a b", "a\nb", "an-unreasonable-name-that-is-longer-than-what-a-step-may-have" };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_false(step_name_ok(names[i]));
		step_note(test_root, names[i], STEP_DONE, 0, "x");
	}
	assert_false(dir_exists(test_root, "/run"));
	assert_int_equal(file_replace(test_root, "/run", "x", 1, 0644, &e), 0);
	step_note(test_root, "a", STEP_DONE, 0, "x");
	step_forget(test_root, "a");
	assert_false(step_is(test_root, "a", STEP_DONE, NULL));
	step_note(-1, "a", STEP_DONE, 0, "x");
}

static void test_what_is_no_record(void **state)
{
	static const char *const bad[] = {
		"", "\n", "RESULT=done", "x", GOOD "x", "RESULT=perhaps\nBEGIN_MS=5\nEND_MS=17\nPID=1\nBOOT_ID=b\nCAUSE=\n",
		"RESULT=done\nBEGIN_MS=17\nEND_MS=5\nPID=1\nBOOT_ID=\nCAUSE=\n", "RESULT=done\nBEGIN_MS=-1\nEND_MS=5\nPID=1\nBOOT_ID=\nCAUSE=\n",
		"RESULT=running\nBEGIN_MS=1\nEND_MS=5\nPID=1\nBOOT_ID=\nCAUSE=\n", "RESULT=done\nBEGIN_MS=1\nEND_MS=5\nPID=99999999999\nBOOT_ID=\nCAUSE=\n",
		"RESULT=done\nBEGIN_MS=1\nEND_MS=99999999999999999999\nPID=1\nBOOT_ID=\nCAUSE=\n", "RESULT=done\nBEGIN_MS=1\nEND_MS=5\nPID=1\nCAUSE=\n",
		"RESULT=done\nBEGIN_MS=1\nEND_MS=5\nPID=1\nBOOT_ID=0123456789012345678901234567890123456789\nCAUSE=\n",
	};
	struct step s;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(step_read(view_of(bad[i]), &s), -EBADMSG);
	for (size_t n = 0; n < strlen(GOOD); n++) /* cut anywhere */
		assert_int_equal(step_read((struct view) { GOOD, n }, &s), -EBADMSG);
	assert_int_equal(step_read(view_of(GOOD), &s), 0);
	assert_string_equal(s.cause, "it is so");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_ROOT(test_what_is_noted_is_read), TEST_IN_ROOT(test_only_what_has_ended_has_an_end),
		TEST_IN_ROOT(test_done_on_another_boot_is_not_done), TEST_IN_ROOT(test_long_causes_are_cut),
		TEST_IN_ROOT(test_no_place_is_no_trouble), TEST(test_what_is_no_record),
	};

	return RUN("steps", tests);
}
