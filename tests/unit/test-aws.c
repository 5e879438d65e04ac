#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/aws-credentials.h"
#include "common/aws-endpoint.h"
#include "common/aws.h"
#include "common/file.h"
#include "tests/unit/test.h"

static const struct {
	const char *region, *domain, *flags; /* f: FIPS by name, h: FIPS host, d: dual-stack */
	const char *s3, *ssm, *ecs;
} hosts[] = {
	{ "eu-central-1", "", "", "s3.eu-central-1.amazonaws.com", "ssm.eu-central-1.amazonaws.com", "ecs.eu-central-1.amazonaws.com" },
	{ "us-east-1", "amazonaws.com", "", "s3.us-east-1.amazonaws.com", "ssm.us-east-1.amazonaws.com", "ecs.us-east-1.amazonaws.com" },
	{ "us-east-1", "", "f", "s3-fips.us-east-1.amazonaws.com", "ssm-fips.us-east-1.amazonaws.com", "ecs-fips.us-east-1.amazonaws.com" },
	{ "us-east-1", "", "d", "s3.dualstack.us-east-1.amazonaws.com", "ssm.us-east-1.api.aws", "ecs.us-east-1.api.aws" },
	{ "us-east-1", "", "fd", "s3-fips.dualstack.us-east-1.amazonaws.com", "ssm-fips.us-east-1.api.aws", "ecs-fips.us-east-1.api.aws" },
	{ "us-west-2", "", "h", "s3-fips.us-west-2.amazonaws.com", "ssm-fips.us-west-2.amazonaws.com", "ecs-fips.us-west-2.amazonaws.com" },
	{ "ca-central-1", "", "h", "s3-fips.ca-central-1.amazonaws.com", "ssm-fips.ca-central-1.amazonaws.com", "ecs.ca-central-1.amazonaws.com" },
	{ "eu-west-1", "", "h", "s3.eu-west-1.amazonaws.com", "ssm.eu-west-1.amazonaws.com", "ecs.eu-west-1.amazonaws.com" },
	{ "eu-west-1", "", "f", "s3-fips.eu-west-1.amazonaws.com", "ssm-fips.eu-west-1.amazonaws.com", "ecs-fips.eu-west-1.amazonaws.com" },
	{ "us-gov-west-1", "", "", "s3.us-gov-west-1.amazonaws.com", "ssm.us-gov-west-1.amazonaws.com", "ecs.us-gov-west-1.amazonaws.com" },
	{ "us-gov-west-1", "", "h", "s3-fips.us-gov-west-1.amazonaws.com", "ssm.us-gov-west-1.amazonaws.com", "ecs-fips.us-gov-west-1.amazonaws.com" },
	{ "us-gov-east-1", "", "fd", "s3-fips.dualstack.us-gov-east-1.amazonaws.com", "ssm-fips.us-gov-east-1.api.aws", "ecs-fips.us-gov-east-1.api.aws" },
	{ "cn-north-1", "", "", "s3.cn-north-1.amazonaws.com.cn", "ssm.cn-north-1.amazonaws.com.cn", "ecs.cn-north-1.amazonaws.com.cn" },
	{ "cn-northwest-1", "amazonaws.com.cn", "hd", "s3.dualstack.cn-northwest-1.amazonaws.com.cn",
	  "ssm.cn-northwest-1.api.amazonwebservices.com.cn", "ecs.cn-northwest-1.api.amazonwebservices.com.cn" },
	{ "us-iso-east-1", "", "d", "s3.us-iso-east-1.c2s.ic.gov", "ssm.us-iso-east-1.c2s.ic.gov", "ecs.us-iso-east-1.c2s.ic.gov" },
	{ "us-isob-east-1", "", "f", "s3-fips.us-isob-east-1.sc2s.sgov.gov", "ssm-fips.us-isob-east-1.sc2s.sgov.gov", "ecs-fips.us-isob-east-1.sc2s.sgov.gov" },
	{ "us-isof-south-1", "", "", "s3.us-isof-south-1.csp.hci.ic.gov", "ssm.us-isof-south-1.csp.hci.ic.gov", "ecs.us-isof-south-1.csp.hci.ic.gov" },
	{ "eu-isoe-west-1", "", "", "s3.eu-isoe-west-1.cloud.adc-e.uk", "ssm.eu-isoe-west-1.cloud.adc-e.uk", "ecs.eu-isoe-west-1.cloud.adc-e.uk" },
	{ "eusc-de-east-1", "amazonaws.eu", "d", "s3.dualstack.eusc-de-east-1.amazonaws.eu", "ssm.eusc-de-east-1.api.amazonwebservices.eu",
	  "ecs.eusc-de-east-1.api.amazonwebservices.eu" },
	/* A partition that nobody here has heard of yet: its metadata service knows. */
	{ "mars-north-1", "aws.mars", "d", "s3.mars-north-1.aws.mars", "ssm.mars-north-1.aws.mars", "ecs.mars-north-1.aws.mars" },
};

static void test_hosts(void **state)
{
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct aws_place p = { .fips = strchr(hosts[i].flags, 'f'), .fips_host = strchr(hosts[i].flags, 'h'),
				       .dual_stack = strchr(hosts[i].flags, 'd') };
		char host[AWS_HOST_SIZE];

		snprintf(p.region, sizeof p.region, "%s", hosts[i].region);
		snprintf(p.domain, sizeof p.domain, "%s", hosts[i].domain);
		assert_int_equal(aws_host(&p, "s3", NULL, host, &e), 0);
		assert_string_equal(host, hosts[i].s3);
		assert_int_equal(aws_host(&p, "ssm", NULL, host, &e), 0);
		assert_string_equal(host, hosts[i].ssm);
		assert_int_equal(aws_host(&p, "ecs", hosts[i].region, host, &e), 0);
		assert_string_equal(host, hosts[i].ecs);
	}
}

static void test_names_that_are_no_hosts(void **state)
{
	static const char *const bad[] = { "", "-a", "a-", "us east", "evil.com/", "a.b", "US-EAST-1", "x@y", "a\nb",
					   "a123456789012345678901234567890123" };
	struct aws_place p = { .region = "eu-west-1", .domain = "a/b" };
	char host[AWS_HOST_SIZE];
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(aws_is_region(view_of(bad[i])));
	assert_int_equal(aws_host(&p, "s3", NULL, host, &e), -EINVAL);
	p.domain[0] = '\0';
	assert_int_equal(aws_host(&p, "s3", "evil.com/", host, &e), -EINVAL);
	assert_says(e, "find the host of s3: region 'evil.com/'");
}

static void test_override_and_switches(void **state)
{
	char folder[] = "/tmp/test-aws-XXXXXX", command[64];
	struct aws_place p = { .region = "" };
	struct err e;
	int root;

	(void) state;
	unsetenv("AWS_ENDPOINT_URL");
	assert_null(aws_endpoint_override("s3"));
	setenv("AWS_ENDPOINT_URL", "http://all", 1);
	setenv("AWS_ENDPOINT_URL_S3", "http://one", 1);
	assert_string_equal(aws_endpoint_override("s3"), "http://one");
	assert_string_equal(aws_endpoint_override("ecs"), "http://all");
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_S3");

	assert_non_null(mkdtemp(folder));
	assert_int_equal(root_open(folder, &root, &e), 0);
	aws_place_look(root, &p);
	assert_false(p.fips || p.fips_host || p.dual_stack);
	assert_int_equal(dir_make(root, "/proc/sys/crypto", 0755, &e), 0);
	assert_int_equal(file_replace(root, "/proc/sys/crypto/fips_enabled", "1\n", 2, 0644, &e), 0);
	setenv("AWS_USE_FIPS_ENDPOINT", "TRUE", 1);
	setenv("AWS_USE_DUALSTACK_ENDPOINT", "true", 1);
	aws_place_look(root, &p);
	assert_true(p.fips && p.fips_host && p.dual_stack);
	unsetenv("AWS_USE_FIPS_ENDPOINT");
	unsetenv("AWS_USE_DUALSTACK_ENDPOINT");
	fd_closep(&root);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

static const struct {
	const char *body, *code, *message, *region;
} errors[] = {
	{ "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", "AccessDenied", "Access Denied", "" },
	{ "<Error><Code>AuthorizationHeaderMalformed</Code><Message>a\tb</Message><Region>eu-west-1</Region></Error>",
	  "AuthorizationHeaderMalformed", "a?b", "eu-west-1" },
	{ "<Error><Code>X</Code><Region>evil.com/</Region></Error>", "X", "", "" },
	{ "<Error><Code>X</Message>", "", "", "" },
	{ "{\"__type\":\"com.amazonaws.ssm#ParameterNotFound\"}", "ParameterNotFound", "", "" },
	{ "{\"__type\":\"ClientException\",\"message\":\"TaskDefinition not found.\"}", "ClientException", "TaskDefinition not found.", "" },
	{ "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\\nline\"}", "AccessDeniedException", "no?line", "" },
	{ "{\"__type\":3,\"message\":[]}", "", "", "" },
	{ "<html><body><h1>403 Forbidden</h1></body></html>", "", "", "" },
	{ "{", "", "", "" },
	{ "", "", "", "" },
	{ "Bad Request", "", "", "" },
};

static void test_error_bodies(void **state)
{
	struct aws_error got;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		aws_error_read(view_of(errors[i].body), &got);
		assert_string_equal(got.code, errors[i].code);
		assert_string_equal(got.message, errors[i].message);
		assert_string_equal(got.region, errors[i].region);
	}
}

static void test_verdicts(void **state)
{
	static const struct {
		long              status;
		const char       *code, *region;
		enum aws_verdict want;
	} table[] = {
		{ 200, "", "", AWS_V_OK },
		{ 206, "", "", AWS_V_OK },
		{ 400, "ThrottlingException", "", AWS_V_RETRY },
		{ 400, "RequestTimeout", "", AWS_V_RETRY },
		{ 503, "SlowDown", "", AWS_V_RETRY },
		{ 503, "", "", AWS_V_RETRY },
		{ 500, "ServerException", "", AWS_V_RETRY },
		{ 429, "", "", AWS_V_RETRY },
		{ 408, "", "", AWS_V_RETRY },
		{ 403, "RequestTimeTooSkewed", "", AWS_V_CLOCK },
		{ 400, "InvalidSignatureException", "", AWS_V_CLOCK },
		{ 403, "SignatureDoesNotMatch", "", AWS_V_CLOCK },
		{ 400, "ExpiredTokenException", "", AWS_V_NEW_CREDENTIALS },
		{ 400, "UnrecognizedClientException", "", AWS_V_NEW_CREDENTIALS },
		{ 403, "InvalidAccessKeyId", "", AWS_V_NEW_CREDENTIALS },
		{ 301, "PermanentRedirect", "us-east-1", AWS_V_REGION },
		{ 307, "TemporaryRedirect", "us-east-1", AWS_V_REGION },
		{ 400, "AuthorizationHeaderMalformed", "us-east-1", AWS_V_REGION },
		{ 403, "AccessDenied", "us-east-1", AWS_V_REGION },
		{ 403, "AccessDenied", "eu-west-1", AWS_V_REFUSED }, /* it is where we asked */
		{ 301, "PermanentRedirect", "", AWS_V_REFUSED },
		{ 403, "AccessDenied", "", AWS_V_REFUSED },
		{ 404, "NoSuchKey", "us-east-1", AWS_V_REFUSED },
		{ 400, "ClientException", "", AWS_V_REFUSED },
		{ 304, "", "", AWS_V_REFUSED },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct aws_error error = { .code = "" };

		snprintf(error.code, sizeof error.code, "%s", table[i].code);
		snprintf(error.region, sizeof error.region, "%s", table[i].region);
		if (aws_judge(table[i].status, &error, "eu-west-1") != table[i].want)
			fail_msg("%ld %s %s", table[i].status, table[i].code, table[i].region);
	}
}

static void test_dates(void **state)
{
	static const char *const bad[] = { "", "yesterday", "Sun, 30 Aug 2015 12:36:00 CET", "Sun, 30 Aug 2015 12:36:00 GMT x",
					   "2015-08-30T12:36:00Z" };
	time_t t = 7;

	(void) state;
	assert_true(aws_parse_date(view_of("Sun, 30 Aug 2015 12:36:00 GMT"), &t));
	assert_int_equal(t, 1440938160);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(aws_parse_date(view_of(bad[i]), &t));
	assert_int_equal(t, 1440938160);
}

#define GIVEN(more) "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s/e+c\",\"Token\":\"t==\"" more "}"

static void test_credentials(void **state)
{
	static const struct {
		const char *text;
		int         want;
		const char *says;
	} bad[] = {
		{ "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", -EAGAIN, "code 'AssumeRoleUnauthorizedAccess'" },
		{ "{\"Code\":\"Failed \\u0007x\"}", -EAGAIN, "code 'Failed'" },
		{ "{}", -EAGAIN, "code ''" },
		{ "<html>", -EBADMSG, "not JSON" },
		{ GIVEN(""), -EBADMSG, "Expiration" },
		{ GIVEN(",\"Expiration\":\"soon\""), -EBADMSG, "Expiration" },
		{ "{\"Code\":\"Success\",\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}", -EBADMSG, "lacks" },
		{ "{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\",\"Token\":\"t\"}", -EBADMSG, "lacks" },
		{ "{\"Code\":\"Success\",\"AccessKeyId\":1,\"SecretAccessKey\":\"s\",\"Token\":\"t\"}", -EBADMSG, "lacks" },
	};
	struct aws_credentials c = { .role = "r" };
	struct err e;

	(void) state;
	assert_int_equal(aws_credentials_parse(view_of(GIVEN(",\"Expiration\":\"2015-08-30T12:36:00Z\"")), &c, &e), 0);
	assert_string_equal(c.role, "r");
	assert_string_equal(c.id, "ASIA1");
	assert_string_equal(c.secret, "s/e+c");
	assert_string_equal(c.token, "t==");
	assert_int_equal(c.expires, 1440938160);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(aws_credentials_parse(view_of(bad[i].text), &c, &e), bad[i].want);
		assert_says(e, bad[i].says);
		assert_string_equal(c.id, "ASIA1");
	}
	aws_credentials_done(&c);
	for (size_t i = 0; i < sizeof c; i++)
		assert_int_equal(((const char *) &c)[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hosts),    TEST(test_names_that_are_no_hosts), TEST(test_override_and_switches), TEST(test_error_bodies),
		TEST(test_verdicts), TEST(test_dates),                   TEST(test_credentials),
	};

	return RUN("aws", tests);
}
