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

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_verdicts), TEST(test_environment) };

	return RUN("imds", tests);
}
