/* Where the agent's image is kept. */
#include <errno.h>

#include "init/engine/bucket.h"
#include "init/engine/partition.h"
#include "tests/unit/test.h"

static void test_keys(void **state)
{
	static const struct {
		const char *machine, *version, *want;
	} cases[] = {
		{ "x86_64", "1.105.1", "ecs-agent-v1.105.1.tar" }, { "aarch64", "1.105.1", "ecs-agent-arm64-v1.105.1.tar" },
		{ "x86_64", "latest", "ecs-agent-latest.tar" },    { "aarch64", "latest", "ecs-agent-arm64-latest.tar" },
		{ "x86_64", "2", "ecs-agent-v2.tar" },             { "i686", "latest", NULL },
		{ "riscv64", "1.105.1", NULL },                    { "x86_64", "", NULL },
		{ "x86_64", "1..2", NULL },                        { "x86_64", ".1", NULL },
		{ "x86_64", "1.", NULL },                          { "x86_64", "v1.105.1", NULL },
		{ "x86_64", "../../evil", NULL },                  { "x86_64", "1.105.1?x", NULL },
		{ "x86_64", "111111111111111111111111111111111", NULL },
	};
	char key[AGENT_KEY_SIZE];
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = agent_key(cases[i].machine, view_of(cases[i].version), key, &e);

		assert_int_equal(r == 0, cases[i].want != NULL);
		if (cases[i].want)
			assert_string_equal(key, cases[i].want);
	}
}

/* Region, the metadata service's domain, and the two addresses that come of it. */
static void test_buckets(void **state)
{
	static const struct {
		const char *region, *domain, *first, *second;
	} cases[] = {
		{ "eu-central-1", "amazonaws.com", "amazon-ecs-agent.s3.us-east-1.amazonaws.com", "amazon-ecs-agent-eu-central-1.s3.eu-central-1.amazonaws.com" },
		{ "eu-central-1", "", "amazon-ecs-agent.s3.us-east-1.amazonaws.com", "amazon-ecs-agent-eu-central-1.s3.eu-central-1.amazonaws.com" },
		{ "cn-northwest-1", "", "amazon-ecs-agent.s3.cn-north-1.amazonaws.com.cn", "amazon-ecs-agent-cn-northwest-1.s3.cn-northwest-1.amazonaws.com.cn" },
		{ "us-gov-east-1", "amazonaws.com", "amazon-ecs-agent.s3.us-gov-west-1.amazonaws.com", "amazon-ecs-agent-us-gov-east-1.s3.us-gov-east-1.amazonaws.com" },
		{ "us-iso-west-1", "c2s.ic.gov", "amazon-ecs-agent.s3.us-iso-east-1.c2s.ic.gov", "amazon-ecs-agent-us-iso-west-1.s3.us-iso-west-1.c2s.ic.gov" },
		{ "us-isob-east-1", "", "amazon-ecs-agent.s3.us-isob-east-1.sc2s.sgov.gov", "amazon-ecs-agent-us-isob-east-1.s3.us-isob-east-1.sc2s.sgov.gov" },
		/* what the metadata service says counts more than the name */
		{ "xx-new-1", "c2s.ic.gov", "amazon-ecs-agent.s3.us-iso-east-1.c2s.ic.gov", "amazon-ecs-agent-xx-new-1.s3.xx-new-1.c2s.ic.gov" },
		/* nobody has published where these keep it; other partitions are not asked */
		{ "eusc-de-east-1", "", "amazon-ecs-agent-eusc-de-east-1.s3.eusc-de-east-1.amazonaws.eu", NULL },
		{ "us-isof-south-1", "", "amazon-ecs-agent-us-isof-south-1.s3.us-isof-south-1.csp.hci.ic.gov", NULL },
		{ "moon-1", "aws.moon", "amazon-ecs-agent-moon-1.s3.moon-1.aws.moon", NULL },
	};
	struct agent_bucket b[AGENT_BUCKETS];
	char url[BUCKET_URL_SIZE], want[BUCKET_URL_SIZE];
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct aws_place p = { .fips = false };

		snprintf(p.region, sizeof p.region, "%s", cases[i].region);
		snprintf(p.domain, sizeof p.domain, "%s", cases[i].domain);
		assert_int_equal(agent_buckets(&p, b), cases[i].second ? 2 : 1);
		for (int n = 0; n < (cases[i].second ? 2 : 1); n++) {
			snprintf(want, sizeof want, "https://%s/k.tar", n ? cases[i].second : cases[i].first);
			assert_int_equal(bucket_url(&p, &b[n], "k.tar", url, &e), 0);
			assert_string_equal(url, want);
		}
	}
}

static void test_other_kinds_of_address(void **state)
{
	struct aws_place p = { .region = "us-west-2", .domain = "amazonaws.com", .fips_host = true, .dual_stack = true };
	struct agent_bucket b[AGENT_BUCKETS];
	char url[BUCKET_URL_SIZE];
	struct err e;

	(void) state;
	assert_int_equal(agent_buckets(&p, b), 2);
	assert_int_equal(bucket_url(&p, &b[1], "k", url, &e), 0);
	assert_string_equal(url, "https://amazon-ecs-agent-us-west-2.s3-fips.dualstack.us-west-2.amazonaws.com/k");
	p.fips_host = false;
	assert_int_equal(bucket_url(&p, &b[0], "k", url, &e), 0);
	assert_string_equal(url, "https://amazon-ecs-agent.s3.dualstack.us-east-1.amazonaws.com/k");
	setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000//", 1);
	assert_int_equal(bucket_url(&p, &b[0], "k", url, &e), 0);
	assert_string_equal(url, "http://127.0.0.1:9000/amazon-ecs-agent/k");
	setenv("AWS_ENDPOINT_URL_S3", "ftp://x", 1);
	assert_int_equal(bucket_url(&p, &b[0], "k", url, &e), -EINVAL);
	unsetenv("AWS_ENDPOINT_URL_S3");
}

static void test_statuses(void **state)
{
	static const struct {
		long                status;
		enum bucket_verdict want;
	} cases[] = {
		{ 200, BUCKET_V_OK },    { 206, BUCKET_V_OK },    { 416, BUCKET_V_WHOLE }, { 301, BUCKET_V_MOVED }, { 307, BUCKET_V_MOVED },
		{ 400, BUCKET_V_MOVED }, { 403, BUCKET_V_LACKS }, { 404, BUCKET_V_LACKS }, { 302, BUCKET_V_LACKS }, { 204, BUCKET_V_LACKS },
		{ 429, BUCKET_V_LATER }, { 500, BUCKET_V_LATER }, { 503, BUCKET_V_LATER }, { 408, BUCKET_V_LATER }, { 407, BUCKET_V_LACKS },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(bucket_judge(cases[i].status), cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_keys), TEST(test_buckets), TEST(test_other_kinds_of_address), TEST(test_statuses) };

	return RUN("partition", tests);
}
