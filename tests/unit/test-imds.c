#include "common/imds-reply.h"
#include "common/imds.h"
#include "tests/unit/test.h"

static void test_verdicts(void **state)
{
	static const struct {
		long              status;
		enum imds_verdict token, get;
	} want[] = {
		{ 200, IMDS_V_OK, IMDS_V_OK },           { 0, IMDS_V_RETRY, IMDS_V_RETRY },
		{ 301, IMDS_V_REFUSED, IMDS_V_REFUSED }, { 400, IMDS_V_REFUSED, IMDS_V_REFUSED },
		{ 401, IMDS_V_REFUSED, IMDS_V_NEW_TOKEN }, { 403, IMDS_V_OFF, IMDS_V_OFF },
		{ 404, IMDS_V_REFUSED, IMDS_V_ABSENT },  { 429, IMDS_V_RETRY, IMDS_V_RETRY },
		{ 500, IMDS_V_RETRY, IMDS_V_RETRY },     { 503, IMDS_V_RETRY, IMDS_V_RETRY },
		{ 204, IMDS_V_REFUSED, IMDS_V_REFUSED },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(imds_judge_token(want[i].status), want[i].token);
		assert_int_equal(imds_judge_get(want[i].status), want[i].get);
	}
}

static void test_environment(void **state)
{
	AUTO_IMDS *i = NULL;
	struct err e;

	(void) state;
	setenv("AWS_EC2_METADATA_DISABLED", "True", 1);
	assert_int_equal(imds_open(0, &i, &e), IMDS_OFF);
	setenv("AWS_EC2_METADATA_DISABLED", "", 1);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://example", 1);
	assert_true(imds_open(0, &i, &e) < 0);
	assert_says(e, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/", 1);
	assert_true(imds_open(0, &i, &e) < 0);
	assert_says(e, "PUT http://127.0.0.1:1/latest/api/token: Connection refused");
	assert_null(i);
}

static void test_replies(void **state)
{
	static const struct {
		const char *body;
		bool        token, id, role, word;
	} cases[] = {
		{ "", false, false, false, false },
		{ " \r\n", false, false, false, false },
		{ "AQAEAO==\r\n", true, false, true, false },
		{ "i-0123456789abcdef0\n", true, true, true, true },
		{ "i-0123456", true, false, true, true },
		{ "i-0123456789ABCDEF0", true, false, true, false },
		{ "i-0123456789abcdef0123456789abcdef0", true, false, true, true },
		{ "ecsInstanceRole", true, false, true, false },
		{ "a+=,.@-_B", true, false, true, false },
		{ "first\nsecond", false, false, true, false },
		{ "..", true, false, false, true },
		{ "a/b", true, false, false, false },
		{ "a b", false, false, false, false },
		{ "a\x01", false, false, false, false },
		{ "caf\xc3\xa9", false, false, false, false },
		{ "<html>", true, false, false, false },
		{ "eu-central-1", true, false, true, true },
		{ "fd00:ec2::254", true, false, false, true },
	};
	char id[IMDS_ID_SIZE], role[IMDS_ROLE_SIZE], word[40];
	struct view token;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct view body = view_of(cases[i].body);

		if (imds_reply_token(body, &token) != cases[i].token || imds_reply_instance_id(body, id) != cases[i].id ||
		    imds_reply_role(body, role) != cases[i].role || imds_reply_word(body, word, sizeof word) != cases[i].word)
			fail_msg("'%s' is judged otherwise", cases[i].body);
	}
	assert_true(imds_reply_role(view_of("one\ntwo"), role));
	assert_string_equal(role, "one");
	assert_false(imds_reply_word(view_of("abcd"), word, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_verdicts), TEST(test_environment), TEST(test_replies) };

	return RUN("imds", tests);
}
