/* view, buf, parse, keyval, backoff: the small pure ones. */
#include <errno.h>

#include "common/backoff.h"
#include "common/buf.h"
#include "common/keyval.h"
#include "common/parse.h"
#include "tests/unit/test.h"

static void test_lines(void **state)
{
	struct view rest = view_of("a\r\n\nlast"), line;

	(void) state;
	assert_true(view_line(&rest, &line));
	assert_view(line, "a");
	assert_true(view_line(&rest, &line));
	assert_view(line, "");
	assert_true(view_line(&rest, &line));
	assert_view(line, "last");
	assert_false(view_line(&rest, &line));
}

static void test_cut_and_trim(void **state)
{
	struct view rest = view_of("a=b=c");

	(void) state;
	assert_view(view_cut(&rest, '='), "a");
	assert_view(rest, "b=c");
	assert_view(view_cut(&rest, ';'), "b=c");
	assert_int_equal(rest.len, 0);
	assert_view(view_trim(view_of(" \t x y\r\n")), "x y");
	assert_view(view_trim(view_of("  ")), "");
	assert_true(view_is_nocase(view_of("BaSe64"), "base64"));
	assert_false(view_is(view_of("base6"), "base64"));
}

static void test_buffer_keeps_its_limit(void **state)
{
	AUTO_BUF b = { .limit = 8 };

	(void) state;
	assert_int_equal(buf_add(&b, "12345678", 8), 0);
	assert_int_equal(buf_add(&b, "9", 1), -EMSGSIZE);
	assert_int_equal(buf_printf(&b, "%d", 9), -EMSGSIZE);
	assert_string_equal(b.p, "12345678");
	buf_drop(&b, 3);
	assert_string_equal(b.p, "45678");
	assert_int_equal(buf_printf(&b, "%d", 99), 0);
	assert_string_equal(b.p, "4567899");
	buf_clear(&b);
	assert_int_equal(buf_view(&b).len, 0);
}

static void test_numbers_are_strict(void **state)
{
	static const struct {
		const char *text;
		int         r;
	} cases[] = {
		{ "0", 0 }, { "007", 0 }, { "100", 0 }, { "101", -ERANGE }, { "18446744073709551616", -ERANGE }, { "", -EINVAL },
		{ " 1", -EINVAL }, { "+1", -EINVAL }, { "-1", -EINVAL }, { "1x", -EINVAL }, { "0x1", -EINVAL },
	};
	uint64_t n = 77;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parse_u64(view_of(cases[i].text), 100, &n), cases[i].r);
	assert_int_equal(n, 100);
	assert_int_equal(parse_u64(view_of("18446744073709551615"), UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int         want; /* seconds, or negative errno */
	} cases[] = {
		{ "0", 0 }, { "90", 90 }, { "90s", 90 }, { "5m", 300 }, { "1h", 3600 }, { "60m", 3600 }, { "3600", 3600 },
		{ "3601", -ERANGE }, { "61m", -ERANGE }, { "2h", -ERANGE }, { "18446744073709551615h", -ERANGE },
		{ "", -EINVAL }, { "m", -EINVAL }, { "5 m", -EINVAL }, { "-1", -EINVAL }, { "1.5m", -EINVAL }, { "5d", -EINVAL }, { "5mm", -EINVAL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t got = 7;
		int r = parse_duration(view_of(cases[i].text), 3600, &got);

		if (cases[i].want < 0 ? r != cases[i].want || got != 7 : r != 0 || got != (uint64_t) cases[i].want)
			fail_msg("'%s': %d, %d s", cases[i].text, r, (int) got);
	}
}

static void test_bools_of_go(void **state)
{
	bool b = false;

	(void) state;
	assert_int_equal(parse_bool(view_of("T"), &b), 0);
	assert_true(b);
	assert_int_equal(parse_bool(view_of("False"), &b), 0);
	assert_false(b);
	assert_int_equal(parse_bool(view_of("yes"), &b), -EINVAL);
	assert_int_equal(parse_bool(view_of(""), &b), -EINVAL);
}

static void test_key_value_lines(void **state)
{
	static const struct {
		enum keyval_kind kind;
		const char      *key, *value;
	} want[] = {
		{ KEYVAL_COMMENT, NULL, NULL }, { KEYVAL_PAIR, "A", "1" }, { KEYVAL_BLANK, NULL, NULL }, { KEYVAL_PAIR, "B", "x=y \"q\"" },
		{ KEYVAL_BAD_NAME, "export C", "1" }, { KEYVAL_NO_EQUALS, NULL, NULL }, { KEYVAL_BAD_NAME, "", "v" },
		{ KEYVAL_BAD_NAME, "SP ", "x" }, { KEYVAL_PAIR, "E", "" }, { KEYVAL_PAIR, "A", "2" }, { KEYVAL_END, NULL, NULL },
	};
	struct view rest = view_of("#A=0\nA=1\n \t\n  B=x=y \"q\"  \r\nexport C=1\nplain\n=v\nSP =x\nE=\nA=2");
	struct view all = rest, value;
	struct keyval kv = { .line = 0 };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(keyval_next(&rest, &kv), want[i].kind);
		if (want[i].key) {
			assert_view(kv.key, want[i].key);
			assert_view(kv.value, want[i].value);
		}
	}
	assert_int_equal(kv.line, 10);
	assert_true(keyval_find(all, "A", &value));
	assert_view(value, "2");
	assert_false(keyval_find(all, "C", &value));
}

static void test_backoff(void **state)
{
	static const struct backoff b = { .first_ms = 500, .max_ms = 15000, .jitter_percent = 10 };

	(void) state;
	assert_int_equal(backoff_ms(&b, 1, 0), 500);
	assert_int_equal(backoff_ms(&b, 2, 0), 1000);
	assert_int_equal(backoff_ms(&b, 6, 0), 15000);
	assert_int_equal(backoff_ms(&b, 4000000000U, 0), 15000);
	for (unsigned dice = 0; dice < 100; dice++)
		assert_in_range(backoff_ms(&b, 6, dice), 15000, 16500);
	assert_int_equal(backoff_ms(&b, 1, 10), 550);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_durations),
		TEST(test_lines), TEST(test_cut_and_trim), TEST(test_buffer_keeps_its_limit), TEST(test_numbers_are_strict),
		TEST(test_bools_of_go), TEST(test_key_value_lines), TEST(test_backoff),
	};

	return RUN("text", tests);
}
