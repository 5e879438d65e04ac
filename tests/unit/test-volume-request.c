/* Docker's volume protocol as text. */
#include <errno.h>

#include "efs/plugin/request.h"
#include "tests/unit/test.h"

static void test_paths(void **state)
{
	static const char *const names[] = { "/Plugin.Activate", "/VolumeDriver.Create", "/VolumeDriver.Get", "/VolumeDriver.List",
	                                     "/VolumeDriver.Path", "/VolumeDriver.Mount", "/VolumeDriver.Unmount", "/VolumeDriver.Remove",
	                                     "/VolumeDriver.Capabilities" };
	enum method m;

	(void) state;
	assert_int_equal(ARRAY_LEN(names), METHOD_COUNT_);
	for (unsigned i = 0; i < METHOD_COUNT_; i++) {
		assert_int_equal(request_method(names[i], &m), 0);
		assert_int_equal(m, i);
	}
	assert_int_equal(request_method("/VolumeDriver.mount", &m), PATH_UNKNOWN);
	assert_int_equal(request_method("/VolumeDriver.Mount/", &m), PATH_UNKNOWN);
}

static void test_bodies(void **state)
{
	AUTO_REQUEST rq = { .body = NULL };
	struct err e;

	(void) state;
	assert_int_equal(request_parse(METHOD_CREATE, view_of("{\"Name\":\"n\",\"Opts\":{\"type\":\"efs\"},\"New\":[1]}\n"), &rq, &e), 0);
	assert_string_equal(rq.name, "n");
	assert_string_equal(rq.id, "");
	assert_string_equal(json_text(rq.options, "type", NULL), "efs");
}

static void test_absent_members(void **state)
{
	static const char *const bodies[] = { "{}", "null", "{\"Name\":null,\"Opts\":null,\"ID\":null}" };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		AUTO_REQUEST rq = { .body = NULL };

		assert_int_equal(request_parse(METHOD_CREATE, view_of(bodies[i]), &rq, &e), 0);
		assert_string_equal(rq.name, "");
		assert_null(rq.options);
	}
}

static void test_bad_bodies(void **state)
{
	static const char *const bodies[] = { "", " ", "{", "[]", "\"x\"", "{\"Name\":7}", "{\"ID\":{}}", "{\"Opts\":[]}", "{\"Opts\":{\"o\":1}}",
	                                      "{\"Opts\":{\"o\":null}}", "{\"Name\":\"a\\u0000b\"}", "{\"Name\":\"\xff\"}", "{}{}" };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		AUTO_REQUEST rq = { .body = NULL };

		assert_int_equal(request_parse(METHOD_MOUNT, view_of(bodies[i]), &rq, &e), -EBADMSG);
		assert_says(e, "read the request: ");
		assert_int_equal(request_parse(METHOD_LIST, view_of(bodies[i]), &rq, &e), 0); /* takes nothing */
	}
}

static void assert_body(const struct buf *b, int r, const char *text)
{
	assert_int_equal(r, 0);
	assert_string_equal(b->p, text);
}

static void test_answers(void **state)
{
	AUTO_VOLUMES t = { .document = NULL };
	AUTO_BUF b = { .p = NULL };
	struct volume *v;

	(void) state;
	assert_int_equal(volumes_new(&t), 0);
	assert_body(&b, reply_list(&t, &b), "{\"Volumes\":[]}\n");
	v = volumes_add(&t, "b\"q", "", "/p", NULL);
	assert_non_null(volumes_add(&t, "a", "", "/q", NULL));
	buf_clear(&b);
	assert_body(&b, reply_list(&t, &b), "{\"Volumes\":[{\"Name\":\"a\"},{\"Name\":\"b\\\"q\"}]}\n");
	buf_clear(&b);
	assert_body(&b, reply_volume(v, &b), "{\"Volume\":{\"Name\":\"b\\\"q\",\"Mountpoint\":\"/p\"}}\n");
	(void) json_object_object_add(v->entry, "createdAt", json_object_new_string("2026-01-02T03:04:05Z"));
	buf_clear(&b);
	assert_body(&b, reply_volume(v, &b), "{\"Volume\":{\"Name\":\"b\\\"q\",\"Mountpoint\":\"/p\",\"CreatedAt\":\"2026-01-02T03:04:05Z\"}}\n");
	(void) json_object_object_add(v->entry, "createdAt", json_object_new_string("yesterday"));
	buf_clear(&b);
	assert_body(&b, reply_volume(v, &b), "{\"Volume\":{\"Name\":\"b\\\"q\",\"Mountpoint\":\"/p\"}}\n");
	buf_clear(&b);
	assert_body(&b, reply_mountpoint(v, &b), "{\"Mountpoint\":\"/p\"}\n");
	buf_clear(&b);
	assert_body(&b, reply_error("volume x not found", &b), "{\"Err\":\"volume x not found\"}\n");
	buf_clear(&b);
	assert_body(&b, reply_done(METHOD_ACTIVATE, &b), "{\"Implements\": [\"VolumeDriver\"]}\n");
	buf_clear(&b);
	assert_body(&b, reply_done(METHOD_CAPABILITIES, &b), "null\n");
	buf_clear(&b);
	assert_body(&b, reply_done(METHOD_REMOVE, &b), "{}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paths), TEST(test_bodies), TEST(test_absent_members), TEST(test_bad_bodies), TEST(test_answers),
	};

	return RUN("volume-request", tests);
}
