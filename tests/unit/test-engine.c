/* The engine's decisions: API version, what to do about the image, Docker's log framing. */
#include <errno.h>

#include "init/engine/container.h"
#include "init/engine/daemon.h"
#include "init/engine/image.h"
#include "tests/unit/test.h"

static void test_negotiation(void **state)
{
	static const struct {
		const char *own, *oldest;
		int         want;
	} cases[] = {
		{ "1.24", "", 124 }, { "1.41", "", 141 }, { "1.44", "", 144 }, { "1.57", "", 144 }, { "2.0", "", 144 }, { "", "", -EBADMSG },
		{ "1", "", -EBADMSG }, { "1.x", "", -EBADMSG }, { "1.999", "", -EBADMSG },
		{ "1.52", "1.24", 144 }, { "1.52", "1.44", 144 }, { "1.57", "1.48", 148 }, { "2.3", "2.0", 200 }, { "1.41", "1.24", 141 },
		{ "1.57", "new", -EBADMSG }, { "", "1.24", -EBADMSG },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(docker_negotiate(view_of(cases[i].own), view_of(cases[i].oldest)), cases[i].want);
}

static void test_which_errors_mean_away(void **state)
{
	static const int away[] = { -ENOENT, -ECONNREFUSED, -ECONNRESET, -ETIMEDOUT, -EPIPE, -EAGAIN };
	static const int not_away[] = { 0, DOCKER_NOT_FOUND, -EREMOTEIO, -EBADMSG, -EMSGSIZE, -EACCES, -ENOMEM };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(away); i++)
		assert_true(docker_away_errno(away[i]));
	for (size_t i = 0; i < ARRAY_LEN(not_away); i++)
		assert_false(docker_away_errno(not_away[i]));
}

static void test_image_plans(void **state)
{
	(void) state;
	for (int s = IMAGE_UNCACHED; s <= IMAGE_RELOAD; s++) {
		assert_int_equal(image_decide(&(struct image_facts) { .state = s, .tar = false, .loaded = false }), IMAGE_MISSING);
		assert_int_equal(image_decide(&(struct image_facts) { .state = s, .tar = true, .loaded = false }), IMAGE_LOAD);
		assert_int_equal(image_decide(&(struct image_facts) { .state = s, .tar = false, .loaded = true }), IMAGE_READY);
		assert_int_equal(image_decide(&(struct image_facts) { .state = s, .tar = true, .loaded = true }),
				 s == IMAGE_RELOAD ? IMAGE_LOAD : IMAGE_READY);
	}
}

static void test_log_frames(void **state)
{
	static const char framed[] = "\1\0\0\0\0\0\0\3one\2\0\0\0\0\0\0\4two\n\1\0\0\0\0\0\1\0cut";
	AUTO_BUF b = { 0 };

	(void) state;
	assert_int_equal(unframe_logs((struct view) { framed, sizeof framed - 1 }, &b), 0);
	assert_string_equal(b.p, "onetwo\ncut");
	buf_clear(&b);
	assert_int_equal(unframe_logs(view_of("a terminal has no frames"), &b), 0);
	assert_string_equal(b.p, "a terminal has no frames");
}

static void test_start_time(void **state)
{
	(void) state;
	assert_view(stat_start_time(view_of("7 (a) b) c) S 1 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 4242 23 24\n")), "4242");
	assert_view(stat_start_time(view_of("7 (x) S 1 2")), "");
	assert_view(stat_start_time(view_of("no bracket")), "");
	assert_view(stat_start_time(view_of("")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_negotiation), TEST(test_which_errors_mean_away), TEST(test_image_plans), TEST(test_log_frames), TEST(test_start_time),
	};

	return RUN("engine", tests);
}
