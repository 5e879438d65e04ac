#include <errno.h>

#include "cloud-init/header.h"
#include "cloud-init/mime.h"
#include "tests/unit/test.h"

struct seen {
	unsigned n;
	char     text[4096]; /* "type|encoding|body;" of each part */
	char     events[64];
};

static void mark(enum mime_event event, struct view where, void *ctx)
{
	static const char marks[] = { [MIME_CONTAINER] = 'c', [MIME_NO_BOUNDARY] = 'b', [MIME_NO_DELIMITER] = 'd', [MIME_NO_CLOSING] = 'o',
				      [MIME_EMPTY_LAST] = 'e', [MIME_SWALLOWED] = 's', [MIME_NO_BLANK_LINE] = 'h', [MIME_BEFORE] = 'p', [MIME_AFTER] = 'a' };
	struct seen *s = ctx;
	size_t at = strlen(s->events);

	(void) where;
	s->events[at] = marks[event];
	s->events[at + 1] = '\0';
}

static int note(const struct mime_part *p, void *ctx)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);

	s->n++;
	snprintf(s->text + at, sizeof s->text - at, "%s|%s|%s;", test_text(p->type), test_text(p->encoding), test_text(p->body));
	return 0;
}

static void assert_parts(const char *document, const char *want)
{
	struct seen s = { .n = 0 };
	struct mime_sink sink = { .part = note, .event = mark, .ctx = &s };
	struct err e;

	assert_int_equal(mime_walk(view_of(document), &sink, &e), 0);
	assert_string_equal(s.text, want);
	sink.event = NULL; /* nobody needs to listen */
	assert_int_equal(mime_walk(view_of(document), &sink, &e), 0);
}

/* Letters as in `marks`, in order. */
static void assert_events(const char *document, const char *want)
{
	struct seen s = { .n = 0 };
	struct mime_sink sink = { .part = note, .event = mark, .ctx = &s };
	struct err e;

	assert_int_equal(mime_walk(view_of(document), &sink, &e), 0);
	assert_string_equal(s.events, want);
}

static void test_plain_shapes(void **state)
{
	(void) state;
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\npre\n--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n\n--B\n"
		     "Content-Type: A/b; x=y\nContent-Transfer-Encoding: BASE64\n\nZZ\n--B--\nepilogue\n--B\n\nnot a part\n",
		     "text/x-shellscript||#!/bin/sh\n;A/b|BASE64|ZZ;");
	assert_parts("Content-Type: text/x-shellscript\n\nbody\n", "text/x-shellscript||body\n;");
}

static void test_line_ends_of_all_kinds(void **state)
{
	(void) state;
	assert_parts("Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: a/b\r\n\r\none\r\ntwo\r\n--B--\r\n", "a/b||one\r\ntwo;");
	assert_parts("Content-Type: multipart/mixed; boundary=B\r\r--B\rContent-Type: a/b\r\rone\rtwo\r--B--\r", "a/b||one\rtwo;");
}

static void test_what_is_missing(void **state)
{
	(void) state;
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: a/b\n\nopen end\n", "a/b||open end;");
	assert_parts("Content-Type: multipart/mixed\n\n--B\nContent-Type: a/b\n\nx\n--B--\n", ""); /* no boundary named */
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n====B==\nx\n", "");            /* no delimiter matches */
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nno headers\n--B\n--B--\n", "text/plain||no headers;text/plain||;");
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: a/b\n#!/bin/sh\nx\n--B--\n", "a/b||#!/bin/sh\nx;");
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: a/b\n\nx\n--B\n", "a/b||x;text/plain||;");
}

static void test_nesting(void **state)
{
	(void) state;
	assert_parts("Content-Type: multipart/mixed; boundary=O\n\n--O\nContent-Type: multipart/alternative;\n boundary=\"I\"\n\n--I\n"
		     "Content-Type: a/1\n\none\n--I2\n--O\nContent-Type: a/2\n\ntwo\n--O--\n",
		     "a/1||one\n--I2;a/2||two;"); /* the outer delimiter ends the unclosed inner one */
}

static void test_nesting_has_a_limit(void **state)
{
	static char text[MIME_DEPTH_MAX * 64 + 256];
	struct seen s = { .n = 0 };
	struct mime_sink sink = { .part = note, .ctx = &s };
	struct err e;

	(void) state;
	for (int i = 0; i <= MIME_DEPTH_MAX; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof text - at, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	}
	assert_int_equal(mime_walk(view_of(text), &sink, &e), -EMSGSIZE);
	assert_says(e, "nested deeper than 64");
}

static void test_recognised(void **state)
{
	char late[MIME_SNIFF_BYTES + 32];

	(void) state;
	assert_true(mime_is(view_of("Content-Type: x\nmime-VERSION: 1.0\n")));
	assert_false(mime_is(view_of("Content-Type: multipart/mixed; boundary=B\n")));
	memset(late, ' ', sizeof late);
	memcpy(late + MIME_SNIFF_BYTES, "MIME-Version:", 13);
	assert_false(mime_is((struct view) { late, sizeof late }));
}

static void test_headers(void **state)
{
	static const struct {
		const char *headers, *boundary; /* NULL: none */
	} cases[] = {
		{ "Content-Type: multipart/mixed; boundary=abc", "abc" },
		{ "content-type: multipart/mixed; charset=x; BOUNDARY=\"a b\"", "a b" },
		{ "Content-Type: multipart/mixed;\n\tboundary=\"==x==\"  ", "==x==" },
		{ "Content-Type: multipart/mixed; x=\"a;boundary=no\"; boundary=yes", "yes" },
		{ "Content-Type: multipart/mixed; boundary=first\nContent-Type: multipart/mixed; boundary=second", "first" },
		{ "Content-Type: multipart/mixed", NULL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF boundary = { 0 };

		assert_int_equal(header_boundary(view_of(cases[i].headers), &boundary), cases[i].boundary ? 0 : HEADER_ABSENT);
		if (cases[i].boundary)
			assert_string_equal(buf_view(&boundary).p, cases[i].boundary);
	}
	assert_view(header_content_type(view_of("Content-Type: nonsense"), "x/y"), "text/plain");
	assert_view(header_content_type(view_of("Content-Type: a/b/c"), "x/y"), "text/plain");
	assert_view(header_content_type(view_of("X: y"), "x/y"), "x/y");
	assert_false(header_is_line(view_of("Content-Type : x")));
	assert_true(header_is_line(view_of(" folded")));
	assert_true(header_is_line(view_of("From somebody")));
	assert_true(header_is_line(view_of(": nameless")));
	assert_false(header_is_line(view_of("")));
}

static void test_headers_one_by_one(void **state)
{
	struct view rest = view_of(" lost\nFrom me\nA: 1\r\n\tmore \r: nameless\n  lost\nB:\nA: 2"), name, value;

	(void) state;
	assert_true(header_next(&rest, &name, &value));
	assert_view(name, "A");
	assert_view(value, "1\r\n\tmore ");
	assert_true(header_next(&rest, &name, &value));
	assert_view(name, "B");
	assert_view(value, "");
	assert_true(header_next(&rest, &name, &value));
	assert_view(value, "2");
	assert_false(header_next(&rest, &name, &value));
}

/* The file name in a header block; "" if there is none. */
static void assert_filename(const char *headers, const char *want)
{
	AUTO_BUF name = { 0 };

	assert_int_equal(header_filename(view_of(headers), &name), 0);
	assert_string_equal(buf_view(&name).p, want);
}

static void test_file_names(void **state)
{
	(void) state;
	assert_filename("Content-Disposition: attachment; filename=a.sh", "a.sh");
	assert_filename("Content-Disposition: attachment; FILENAME=\" a;b \"", "a;b");
	assert_filename("Content-Disposition: attachment; filename=\"a\\\"b\\\\c\"", "a\"b\\c");
	assert_filename("Content-Disposition: attachment; filename=<a>", "a");
	assert_filename("Content-Disposition: inline\nContent-Type: a/b; name=n", "n");
	assert_filename("Content-Disposition: inline; filename=\"\"\nContent-Type: a/b; name=n", "");
	assert_filename("Content-Disposition: inline; filename", "");
	assert_filename("Content-Type: a/b", "");
	assert_filename("Content-Disposition: x; filename*=UTF-8''%C3%A9%zz%2", "\xc3\xa9%zz%2");
	assert_filename("Content-Disposition: x; filename*=iso-8859-1'en'%E9", "\xc3\xa9");
	assert_filename("Content-Disposition: x; filename*=us-ascii'en'a%E9", "a\xef\xbf\xbd");
	assert_filename("Content-Disposition: x; filename*=plain", "plain");
	assert_filename("Content-Disposition: x; filename*2=c; filename*0=\"a\"; filename*1=b", "abc");
	assert_filename("Content-Disposition: x; filename*1*=%C3%A9; filename*0*=UTF-8''x", "x\xc3\xa9");
	assert_filename("Content-Disposition: x; filename*=UTF-8''lost; filename=won", "won");
}

static void test_events(void **state)
{
	(void) state;
	assert_events("Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B--\n", "c");
	assert_events("Content-Type: multipart/mixed\n\n--B\n", "b");
	assert_events("Content-Type: multipart/mixed; boundary=B\n\n===B\nx\n", "cd");
	assert_events("Content-Type: multipart/mixed; boundary=B\n\n--B--\nx\n", "cda");
	assert_events("Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n", "co");
	assert_events("Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B\n \n", "ceo");
	assert_events("Content-Type: multipart/mixed; boundary=B\n\npre\n--B\n--B--\nA: b\n#!\n--B--\npost", "cpsha");
	assert_events("#!/bin/sh\nMIME-Version: 1.0\n", "");
}

static void test_messages(void **state)
{
	(void) state;
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: Message/rfc822\n\nSubject: x\nContent-Type: a/b\n\none\n--B--\n",
		     "Message/rfc822||;a/b||one;");
	assert_parts("Content-Type: multipart/digest; boundary=B\n\n--B\n\nContent-Type: a/b\n\none\n--B--\n", "message/rfc822||;a/b||one;");
}

/* The same line is a delimiter of two levels: then it is the outer one's. */
static void test_outer_delimiter_first(void **state)
{
	(void) state;
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\none\n--B--\n", "text/plain||one;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain_shapes), TEST(test_line_ends_of_all_kinds), TEST(test_what_is_missing), TEST(test_nesting),
		TEST(test_nesting_has_a_limit), TEST(test_recognised), TEST(test_headers),
		TEST(test_headers_one_by_one), TEST(test_file_names), TEST(test_events), TEST(test_messages), TEST(test_outer_delimiter_first),
	};

	return RUN("mime", tests);
}
