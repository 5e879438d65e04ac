/* What may be handed on of any text, and of JSON: no secret stays, and what helps does. */
#include <errno.h>

#include "bootstrap/mask-text.h"
#include "tests/unit/test.h"

static const char *masked(const char *text)
{
	static char to[8192];
	AUTO_BUF b = { 0 };

	assert_int_equal(mask_text(view_of(text), &b), 0);
	snprintf(to, sizeof to, "%s", b.p ? b.p : "");
	return to;
}

static void test_secrets_go(void **state)
{
	static const char *const lines[] = {
		"DB_PASSWORD=hunter2", "export DB_PASSWORD=hunter2 more hunter2", "level=info msg=\"got token: hunter2\" x=1", "{\"Password\":\"hunter2\"}",
		"msg=\"{\\\"password\\\": \\\"hunter2\\\"}\"", "{\\\\\\\"secret\\\\\\\":\\\\\\\"hunter2\\\\\\\"}", "\"password\": \"a\\\"hunter2\"", "Authorization: Bearer hunter2", "ECS_ENGINE_AUTH_DATA={\"https://r\":{\"auth\":\"hunter2\"}}",
		"auth:map[user:hunter2]", "proxy http://user:hunter2@proxy:3128 is used", "run --password hunter2 -x", "run \"--token\" \"hunter2\"",
		"password = 'hunter2'", "password : hunter2", "X-Api_Key=hunter2", "my-token => hunter2", "[token]=hunter2", "AWS_SECRET_ACCESS_KEY: hunter2",
		"a token and then password=hunter2", "secret=\"hunter2", "http://u:hunter2@a/ and //b:hunter2@c/", "\"token\":{\"a\":\"hunter2\"}",
		"-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2", "secret:\"hunter2\",\"token\":\"hunter2\"",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (strstr(masked(lines[i]), "hunter2"))
			fail_msg("'%s' became '%s'", lines[i], masked(lines[i]));
}

static void test_keys_go(void **state)
{
	static const char *const lines[] = {
		"got ASIAIOSFODNN7EXAMPLE now", "x AKIAIOSFODNN7EXAMPLE", "k wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY e",
		"j eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9abcDEF123abcDEF123abcDEF123abcDEF123 e", "s IQoJb3JpZ2luX2VjEAbcdefGHIJKL0123456789/abcdefghijklmnopqrstuvwxyzAB+CD== e",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const char *got = masked(lines[i]), *want = strstr(got, " <hidden>");

		if (!want || strlen(got) > 25)
			fail_msg("'%s' became '%s'", lines[i], got);
	}
}

static void test_what_helps_stays(void **state)
{
	static const char *const lines[] = {
		"PUT http://169.254.169.254/latest/api/token: timed out after 2000 ms\n", "the credentials of the role have expired\n", "\n", "\ttab\n",
		"arn:aws:ecs:eu-central-1:123456789012:container-instance/Blue/0123456789abcdef0123456789abcdef\n",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
		"/var/lib/docker/overlay2/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-Init/merged\n",
		"GET https://ecs.eu-central-1.amazonaws.com/ HTTP/1.1 503 (5 ms)\n", "task/Prod-Cluster-1/fedcba9876543210fedcba9876543210 is RUNNING\n",
		"-----BEGIN CERTIFICATE-----\n", "2026-01-01T00:00:00.000Z level=info msg=\"image loaded\" key=value\n",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (lines[i][0] == '\t')
			assert_string_equal(masked(lines[i]), " tab\n");
		else
			assert_string_equal(masked(lines[i]), lines[i]);
	}
	assert_string_equal(masked("token=\"x\" b=c"), "token=\"<hidden>\" b=c\n");
	assert_string_equal(masked("a\npassword=x\nb"), "a\npassword=<hidden>\nb\n");
	assert_string_equal(masked("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nb"), "<hidden>\n\n\nb\n");
	assert_string_equal(masked("run --token x y"), "run --token <hidden> y\n");
	assert_string_equal(masked(""), "");
}

static void test_documents(void **state)
{
	AUTO_BUF b = { 0 };
	AUTO_JSON *o = NULL;

	(void) state;
	assert_int_equal(mask_json(view_of("{\"Id\": \"0123\", \"Config\": {\"Env\": [\"A=hunter2\", \"hunter2\", 5], \"Cmd\": [\"/agent\", \"hunter2\"], \"Labels\": "
					   "{\"my.token\": \"hunter2\", \"x\": \"password=hunter2\"}}, \"Auth\": {\"a\": \"hunter2\"}, \"Args\": [\"a\", [\"hunter2\"]], "
					   "\"Test\": [\"CMD\", \"hunter2\"], \"Tokens\": [\"hunter2\"], \"Secret\": 12345, \"TokenOn\": true, \"n\": null, \"f\": 1.5}"),
				   &b), 0);
	assert_null(strstr(b.p, "hunter2") && strncmp(strstr(b.p, "hunter2"), "hunter2=", 8) != 0 ? b.p : NULL);
	assert_null(strstr(b.p, "12345"));
	o = test_json(b.p);
	assert_string_equal(json_text(o, "Id", NULL), "0123");
	assert_string_equal(json_object_get_string(json_object_array_get_idx(json_object_object_get(json_object_object_get(o, "Config"), "Env"), 0)), "A=<hidden>");
	assert_string_equal(json_object_get_string(json_object_array_get_idx(json_object_object_get(o, "Args"), 0)), "a");
	assert_true(json_object_get_boolean(json_object_object_get(o, "TokenOn")));
}

static void test_json_that_is_none(void **state)
{
	static const char *const texts[] = { "", "{", "{} {}", "password=x", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" };
	AUTO_BUF b = { 0 };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(mask_json(view_of(texts[i]), &b), -EBADMSG);
	assert_int_equal(b.len, 0);
}

static void test_limit(void **state)
{
	AUTO_BUF b = { .limit = 8 };

	(void) state;
	assert_int_equal(mask_text(view_of("more than eight bytes"), &b), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_secrets_go), TEST(test_keys_go), TEST(test_what_helps_stays), TEST(test_documents), TEST(test_json_that_is_none), TEST(test_limit),
	};

	return RUN("mask-text", tests);
}
