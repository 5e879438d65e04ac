#include <errno.h>

#include "cloud-init/decode.h"
#include "cloud-init/types.h"
#include "cloud-init/utf8.h"
#include "tests/unit/test.h"

static void assert_decodes(decode_fn *decode, const char *text, const char *want)
{
	AUTO_BUF b = { 0 };

	assert_int_equal(decode(view_of(text), &b), 0);
	assert_string_equal(buf_view(&b).p, want);
}

static void test_base64(void **state)
{
	(void) state;
	assert_decodes(decode_base64, "", "");
	assert_decodes(decode_base64, "aGVsbG8=", "hello");
	assert_decodes(decode_base64, "aGVsbG8", "hello");
	assert_decodes(decode_base64, "aGV\n*sbG8=", "hello");
	assert_decodes(decode_base64, "YWI=YWI=", "ab");   /* padding ends it */
	assert_decodes(decode_base64, "YW=JjZA", "abcd"); /* but not a single '=' in the midst */
	assert_decodes(decode_base64, "=YWI", "ab");
	assert_decodes(decode_base64, "YWJj\nZ", "YWJjZ"); /* one digit too many: not decoded at all */
	assert_decodes(decode_base64, "#", "");
}

static void test_quoted_printable(void **state)
{
	(void) state;
	assert_decodes(decode_quoted_printable, "a=3Db=\nc=\r\nd=zz=e4", "a=bcd=zz\xe4");
	assert_decodes(decode_quoted_printable, "a==b=", "a=b");
	assert_decodes(decode_quoted_printable, "a=\rgone\nb", "ab");
	assert_decodes(decode_quoted_printable, "a \t\n", "a \t\n");
}

static void test_uuencode(void **state)
{
	(void) state;
	assert_decodes(decode_uuencode, "before\nbegin 644 a b\n#86)C\n`\nend\nafter", "abc");
	assert_decodes(decode_uuencode, "begin 644 a\n%86)C9&4\nend\n", "abcde");
	assert_decodes(decode_uuencode, "begin 644 a\n#86)C", "begin 644 a\n#86)C"); /* cut short */
	assert_decodes(decode_uuencode, "begin 689 a\nend\n", "begin 689 a\nend\n");
	assert_decodes(decode_uuencode, "begin 644\nend\n", "begin 644\nend\n");
	assert_decodes(decode_uuencode, "begin 644 a\n#\x7f\x7f\x7f\x7f\nend\n", "begin 644 a\n#\x7f\x7f\x7f\x7f\nend\n");
}

static void test_limits(void **state)
{
	decode_fn *const all[] = { decode_base64, decode_quoted_printable, decode_uuencode };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		AUTO_BUF b = { .limit = 2 };

		assert_int_equal(all[i](view_of("aGVsbG8gaGVsbG8="), &b), -EMSGSIZE);
		assert_true(b.len <= 2);
	}
}

static void test_choice(void **state)
{
	(void) state;
	assert_ptr_equal(decode_for(view_of("BASE64")), decode_base64);
	assert_ptr_equal(decode_for(view_of("X-UUE")), decode_uuencode);
	assert_null(decode_for(view_of("base64 ")));
	assert_null(decode_for(view_of("")));
	assert_true(is_strict_base64(view_of("abcd")));
	assert_true(is_strict_base64(view_of("ab==")));
	assert_false(is_strict_base64(view_of("abcd\n")));
	assert_true(looks_like_base64(view_of("abcd\n")));
	assert_false(looks_like_base64(view_of("abc")));
	assert_false(looks_like_base64(view_of("ab=c")));
	assert_false(looks_like_base64(view_of("")));
}

static void test_gzip(void **state)
{
	static const char hello[] = "\x1f\x8b\x08\0\0\0\0\0\x02\xff\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0\0\0\0";
	AUTO_BUF plain = { 0 }, padded = { 0 }, dirty = { 0 }, cut = { 0 }, little = { .limit = 3 };
	char garbage[sizeof hello];
	struct err e;

	(void) state;
	assert_int_equal(decode_gzip((struct view) { hello, 25 }, &plain, &e), 0);
	assert_string_equal(plain.p, "hello");
	assert_int_equal(decode_gzip((struct view) { hello, sizeof hello }, &padded, &e), 0);
	assert_int_equal(decode_gzip((struct view) { hello, 20 }, &cut, &e), -EBADMSG);
	assert_int_equal(decode_gzip((struct view) { hello, 25 }, &little, &e), -EMSGSIZE);
	memcpy(garbage, hello, sizeof hello);
	garbage[26] = 'x';
	assert_int_equal(decode_gzip((struct view) { garbage, 27 }, &dirty, &e), -EBADMSG);
	assert_says(e, "something follows");
	assert_true(gzip_size(view_of("hello")) == 25);
}

static void assert_type(const char *declared, const char *body, const char *want)
{
	assert_view(type_sniff(view_of(declared), view_of(body)), want);
}

static void test_types(void **state)
{
	(void) state;
	assert_type("text/plain", "#!/bin/sh", "text/x-shellscript");
	assert_type("TEXT/Plain", " \t\n#Cloud-Config", "text/cloud-config");
	assert_type("text/plain", "#cloud-config-archive", "text/cloud-config-archive");
	assert_type("text/plain", "#cloud-config-jsonp", "text/cloud-config-jsonp");
	assert_type("text/plain", "#include-once x", "text/x-include-once-url");
	assert_type("text/plain", "#include x", "text/x-include-url");
	assert_type("text/plain", "## template: jinja\n#cloud-config", "text/jinja2");
	assert_type("text/x-not-multipart", "#part-handler", "text/part-handler");
	assert_type("text/x-shellscript", "#cloud-boothook", "text/cloud-boothook");
	assert_type("text/x-shellscript", "echo", "text/x-shellscript");
	assert_type("text/cloud-config", "#!/bin/sh", "text/cloud-config"); /* believed */
	assert_true(type_is_gzip(view_of("application/X-Gzip")));
	assert_true(type_is_script(view_of("text/x-shellscript-per-boot")));
	assert_false(type_is_script(view_of("text/x-shellscripts")));
}

static void test_utf8(void **state)
{
	AUTO_BUF b = { 0 };

	(void) state;
	assert_int_equal(utf8_find_invalid(view_of("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")), 10);
	assert_int_equal(utf8_find_invalid(view_of("ab\xc3")), 2);
	assert_int_equal(utf8_find_invalid(view_of("\xc0\xaf")), 0);     /* overlong */
	assert_int_equal(utf8_find_invalid(view_of("\xed\xa0\x80")), 0); /* a surrogate */
	assert_int_equal(utf8_find_invalid(view_of("\xf4\x90\x80\x80")), 0);
	assert_int_equal(utf8_from(view_of("a\xff\xc3\xa9"), UTF8_FROM_UTF8, &b), 0);
	assert_string_equal(b.p, "a\xef\xbf\xbd\xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_base64), TEST(test_quoted_printable), TEST(test_uuencode), TEST(test_limits), TEST(test_choice), TEST(test_gzip),
		TEST(test_types), TEST(test_utf8),
	};

	return RUN("decode", tests);
}
