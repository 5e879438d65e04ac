#include <errno.h>

#include "cloud-init/header.h"
#include "cloud-init/mime.h"
#include "tests/unit/test.h"

struct seen {
	unsigned n;
	char     text[2048]; /* "type|encoding|body;" of each part */
};

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
	struct err e;

	assert_int_equal(mime_walk(view_of(document), note, &s, &e), 0);
	assert_string_equal(s.text, want);
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
	assert_parts("Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: a/b\n\nopen end\n", "a/b||open end\n;");
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
	struct err e;

	(void) state;
	for (int i = 0; i <= MIME_DEPTH_MAX; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof text - at, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	}
	assert_int_equal(mime_walk(view_of(text), note, &s, &e), -EMSGSIZE);
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
	struct view v;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(header_boundary(view_of(cases[i].headers), &v), cases[i].boundary != NULL);
		if (cases[i].boundary)
			assert_view(v, cases[i].boundary);
	}
	assert_view(header_content_type(view_of("Content-Type: nonsense")), "text/plain");
	assert_view(header_content_type(view_of("Content-Type: a/b/c")), "text/plain");
	assert_view(header_content_type(view_of("X: y")), "text/plain");
	assert_false(header_is_line(view_of("Content-Type : x"), true));
	assert_false(header_is_line(view_of(" folded"), true));
	assert_true(header_is_line(view_of(" folded"), false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain_shapes), TEST(test_line_ends_of_all_kinds), TEST(test_what_is_missing), TEST(test_nesting),
		TEST(test_nesting_has_a_limit), TEST(test_recognised), TEST(test_headers),
	};

	return RUN("mime", tests);
}
