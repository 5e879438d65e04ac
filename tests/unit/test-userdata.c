#include <errno.h>
#include <zlib.h>

#include "cloud-init/userdata.h"
#include "tests/unit/test.h"

static void assert_kinds(struct view raw, const char *want)
{
	AUTO_USERDATA *u = NULL;
	char kinds[64] = "";
	struct err e;

	assert_int_equal(userdata_parse(raw, &u, &e), 0);
	for (size_t i = 0; i < u->n_parts; i++)
		kinds[i] = "fEJ"[u->parts[i].kind];
	assert_string_equal(kinds, want);
}

static void test_bare_documents(void **state)
{
	(void) state;
	assert_kinds(view_of(""), "");
	assert_kinds(view_of(" \r\n\t"), "");
	assert_kinds(view_of("{\"version\":1}"), "J");
	assert_kinds(view_of("\n  {\"version\":1}"), "J");
	assert_kinds(view_of("#ecs-bootstrap\nA=1"), "E");
	assert_kinds(view_of("#ecs-bootstrap \r\nA=1"), "E");
	assert_kinds(view_of("#ecs-bootstrapper\nA=1"), "f");
	assert_kinds(view_of("#!/bin/sh\necho"), "f");
	assert_kinds((struct view) { "\0\1\2\377binary", 10 }, "f");
}

static const char mixed[] =
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: APPLICATION/vnd.ecs-bootstrap.env\n\nA=1\n"
	"--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--B\nContent-Type: application/vnd.ecs-bootstrap+json; charset=utf-8\n"
	"Content-Transfer-Encoding: base64\n\neyJ2ZXJz\naW9uIjoxfQ\n--B--\n";

static void test_parts_of_mime(void **state)
{
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_kinds(view_of(mixed), "EfJ");
	assert_int_equal(userdata_parse(view_of(mixed), &u, &e), 0);
	assert_view(u->parts[0].body, "A=1");
	assert_view(u->parts[2].body, "{\"version\":1}");
	assert_int_equal(u->parts[2].number, 3);
	assert_kinds(view_of("MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n"), "");
}

static size_t gzip(const char *text, size_t len, unsigned char *to, size_t size)
{
	z_stream z = { .next_in = (unsigned char *) (uintptr_t) text, .avail_in = (unsigned) len, .next_out = to, .avail_out = (unsigned) size };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return size - z.avail_out;
}

static void test_gzip_around_it(void **state)
{
	static const char later[] = "--B\n";
	unsigned char packed[2048];
	size_t n = gzip(mixed, strlen(mixed), packed, sizeof packed);
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_kinds((struct view) { (char *) packed, n }, "EfJ");
	assert_int_equal(userdata_parse((struct view) { (char *) packed, n - 9 }, &u, &e), -EBADMSG);
	assert_says(e, "damaged or cut short");
	n += gzip(later, strlen(later), packed + n, sizeof packed - n); /* members one after the other are one document */
	assert_kinds((struct view) { (char *) packed, n }, "EfJ");
}

static void test_gzip_bomb(void **state)
{
	static char zeros[USERDATA_DECODED_MAX + 1];
	unsigned char packed[8192];
	size_t n = gzip(zeros, sizeof zeros, packed, sizeof packed);
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_int_equal(userdata_parse((struct view) { (char *) packed, n }, &u, &e), -EMSGSIZE);
	assert_says(e, "larger than 1048576 bytes");
}

static void test_base64_around_it(void **state)
{
	(void) state;
	assert_kinds(view_of("eyJ2ZXJzaW9uIjoxfQ==\n"), "J");
	assert_kinds(view_of("abcd"), "f"); /* four letters are base64, but of nothing sensible */
}

static void test_too_many_parts(void **state)
{
	AUTO_BUF b = { 0 };
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_int_equal(buf_printf(&b, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"), 0);
	for (int i = 0; i <= USERDATA_PARTS_MAX; i++)
		assert_int_equal(buf_printf(&b, "--B\n\nx\n"), 0);
	assert_int_equal(userdata_parse(buf_view(&b), &u, &e), -EMSGSIZE);
	assert_says(e, "more than 1024 parts");
}

static void test_damaged_gzip_can_be_looked_at(void **state)
{
	static const char damaged[] = "\x1f\x8b\x08 no gzip";
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_int_equal(userdata_look(view_of(damaged), &u, &e), 0);
	assert_true(u->damaged && !u->gzip);
	assert_int_equal(u->n_parts, 1);
	assert_view(u->parts[0].type, TYPE_NOT_MIME);
	assert_view(u->parts[0].handed, damaged);
}

static void test_base64_as_cloud_init_sees_it(void **state)
{
	AUTO_USERDATA *strict = NULL, *loose = NULL, *ours = NULL;
	struct err e;

	(void) state;
	assert_int_equal(userdata_look(view_of("IyEvYmluL3NoCg=="), &strict, &e), 0);
	assert_view(strict->parts[0].type, TYPE_SCRIPT);
	assert_int_equal(userdata_look(view_of("IyEvYmluL3NoCg==\n"), &loose, &e), 0); /* a script, and cloud-init does not see it */
	assert_view(loose->parts[0].type, TYPE_NOT_MIME);
	assert_int_equal(userdata_look(view_of("eyJ2ZXJzaW9uIjoxfQ==\n"), &ours, &e), 0);
	assert_true(ours->only_ours);
	assert_int_equal(ours->parts[0].kind, PART_JSON);
}

static void test_lines_of_parts(void **state)
{
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_int_equal(userdata_parse(view_of(mixed), &u, &e), 0);
	assert_int_equal(u->parts[0].line, 5);
	assert_int_equal(u->parts[0].body_line, 7);
	assert_int_equal(u->parts[1].line, 9);
	assert_int_equal(u->parts[1].body_line, 11);
	assert_int_equal(u->parts[2].line, 13);
	assert_int_equal(u->parts[2].body_line, 0); /* its lines are none of the document */
}

static void test_scripts_for_us(void **state)
{
	static const char json[] = "#!/usr/bin/ecs-bootstrap apply\n{\"version\":1}";
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_kinds(view_of("#!/usr/bin/ecs-bootstrap apply\nA=1\n"), "E");
	assert_kinds(view_of("#! /usr/bin/ecs-bootstrap apply\r\n\n {}\n"), "J");
	assert_kinds(view_of("#!/usr/bin/ecs-bootstrap apply"), "E");
	assert_kinds(view_of("#!/usr/bin/ecs-bootstrap\nA=1"), "f");
	assert_kinds(view_of(" #!/usr/bin/ecs-bootstrap apply\nA=1"), "f"); /* the kernel would not run it */
	assert_int_equal(userdata_parse(view_of(json), &u, &e), 0);
	assert_true(u->parts[0].script);
	assert_view(u->parts[0].handed, json);
	assert_view(u->parts[0].body, "                              \n{\"version\":1}"); /* lines keep their numbers */
}

static void test_safe_names(void **state)
{
	static const char text[] = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Disposition: x; filename=\"../a b\"\n\nx\n--B\n\ny\n--B--\n";
	AUTO_BUF named = { 0 }, numbered = { 0 };
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_int_equal(userdata_parse(view_of(text), &u, &e), 0);
	assert_int_equal(part_safe_name(&u->parts[0], &named), 0);
	assert_string_equal(named.p, ".._ab");
	assert_int_equal(part_safe_name(&u->parts[1], &numbered), 0);
	assert_string_equal(numbered.p, "part-002");
}

/* In a file name each byte may become a character of three. */
static void test_file_name_of_nonsense(void **state)
{
	AUTO_BUF b = { 0 };

	(void) state;
	assert_int_equal(buf_printf(&b, "MIME-Version: 1.0\nContent-Disposition: x; filename*=UTF-8''"), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_add(&b, "\xff", 1), 0);
	assert_kinds(buf_view(&b), "f");
}

static void test_room_is_shared(void **state)
{
	static char zeros[600 << 10];
	unsigned char packed[4096];
	size_t n = gzip(zeros, sizeof zeros, packed, sizeof packed);
	AUTO_BUF b = { 0 };
	AUTO_USERDATA *u = NULL;
	struct err e;

	(void) state;
	assert_int_equal(buf_printf(&b, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(buf_printf(&b, "--B\nContent-Type: application/gzip\n\n"), 0);
		assert_int_equal(buf_add(&b, packed, n), 0);
		assert_int_equal(buf_printf(&b, "\n"), 0);
	}
	assert_int_equal(userdata_parse(buf_view(&b), &u, &e), -EMSGSIZE);
	assert_says(e, "read part 2: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bare_documents), TEST(test_parts_of_mime), TEST(test_gzip_around_it), TEST(test_gzip_bomb),
		TEST(test_base64_around_it), TEST(test_too_many_parts), TEST(test_damaged_gzip_can_be_looked_at),
		TEST(test_base64_as_cloud_init_sees_it), TEST(test_lines_of_parts), TEST(test_scripts_for_us), TEST(test_safe_names),
		TEST(test_file_name_of_nonsense), TEST(test_room_is_shared),
	};

	return RUN("userdata", tests);
}
