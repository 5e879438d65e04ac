#include <errno.h>

#include "bootstrap/source.h"
#include "tests/unit/stand-in.h"

static void test_lines_go_below_what_is_there(void **state)
{
	AUTO_JSON *agent = json_object_new_object();
	struct err e;

	(void) state;
	json_object_object_add(agent, "ECS_CLUSTER", json_object_new_string("mine"));
	assert_int_equal(source_merge(view_of("# c\n\nECS_CLUSTER=theirs\nECS_A=1 \nECS_A=\"2\"\r\nECS_B=\n"), agent, &e), 0);
	assert_string_equal(json_text(agent, "ECS_CLUSTER", NULL), "mine");
	assert_string_equal(json_text(agent, "ECS_A", NULL), "\"2\"");
	assert_string_equal(json_text(agent, "ECS_B", NULL), "");
	assert_int_equal(json_object_object_length(agent), 3);
}

static void test_lines_that_are_none_change_nothing(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "A=1\n<html>\n", "line 2: there is no '='" },
		{ "A=1\nexport B=2\n", "line 2: what stands before '='" },
		{ "A=1\nB=\033[2J\n", "line 2: the value holds a control character" },
	};
	AUTO_JSON *agent = json_object_new_object();
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(source_merge(view_of(bad[i].text), agent, &e), -EINVAL);
		assert_says(e, bad[i].says);
		assert_int_equal(json_object_object_length(agent), 0);
	}
}

static int derive(struct imds *imds, const char *uri, struct json_object *agent, struct err *e)
{
	AUTO_JSON *value = uri ? json_object_new_string(uri) : NULL;

	return source_derive(&(struct apply) { .root = test_root, .imds = imds }, value, agent, e);
}

static void test_file(void **state)
{
	AUTO_JSON *agent = json_object_new_object();
	char *big = calloc(1, SOURCE_MAX + 2);
	struct err e;

	(void) state;
	assert_non_null(big);
	assert_int_equal(derive(NULL, NULL, agent, &e), APPLY_SAME);
	assert_int_equal(derive(NULL, "file:/ecs.config", agent, &e), -ENOENT);
	assert_string_equal(e.text, "read agentConfigSource 'file:/ecs.config': there is no such file");
	assert_int_equal(file_replace(test_root, "/ecs.config", "A=1\n?\n", 6, 0600, &e), 0);
	assert_int_equal(derive(NULL, "file:/ecs.config", agent, &e), -EINVAL);
	assert_says(e, "read agentConfigSource 'file:/ecs.config': line 2: there is no '='");
	assert_int_equal(file_replace(test_root, "/ecs.config", "A=1\n", 4, 0600, &e), 0);
	assert_int_equal(derive(NULL, "file:/ecs.config", agent, &e), 0);
	assert_string_equal(json_text(agent, "A", NULL), "1");
	memset(big, '#', SOURCE_MAX + 1);
	assert_int_equal(file_replace(test_root, "/ecs.config", big, SOURCE_MAX + 1, 0600, &e), 0);
	assert_int_equal(derive(NULL, "file:/ecs.config", agent, &e), -EMSGSIZE);
	assert_says(e, "larger than 65536 bytes");
	free(big);
}

static void test_names_that_are_none(void **state)
{
	static const char *const bad[] = { "", "http://x/y", "s3:bucket/key", "file:relative", "ssm", "S3://b/k" };
	AUTO_JSON *agent = json_object_new_object(), *number = json_object_new_int(1);
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(derive(NULL, bad[i], agent, &e), -EINVAL);
		assert_says(e, "write ");
	}
	assert_int_equal(derive(NULL, "s3://bucket/key", agent, &e), -EACCES);
	assert_says(e, "the metadata service did not answer");
	assert_int_equal(source_derive(&(struct apply) { .root = test_root }, number, agent, &e), -EINVAL);
}

/* Against stand-ins that recompute each signature. */
static void test_from_aws(void **state)
{
	static const struct {
		const char *uri;
		int         want;
		const char *says;
	} cases[] = {
		{ "s3://conf/a b/\303\244+c.config", 0, "" },
		{ "s3://conf/../x/./y", -ENOENT, "HTTP status 404, NoSuchKey" },
		{ "ssm:/ecs/config", 0, "" },
		{ "ssm:/missing", -EPROTO, "read agentConfigSource 'ssm:/missing' in region eu-central-1: HTTP status 400, ParameterNotFound" },
		{ "s3://conf/missing", -ENOENT, "read agentConfigSource 's3://conf/missing' in region eu-west-1: HTTP status 404, NoSuchKey" },
		{ "s3://none/key", -ENOENT, "NoSuchBucket" },
		{ "s3://a?/key", -EINVAL, "write s3://BUCKET/KEY" },
		{ "s3://conf/", -EINVAL, "write s3://BUCKET/KEY" },
		{ "ssm:/a\"b", -EINVAL, "write ssm:/NAME" },
	};
	static const char *const imds_argv[] = { "tests/fakes/imds.py", NULL };
	char object[128];
	const char *const aws_argv[] = { "tests/fakes/aws.py", "--object", object, "--bucket-region", "eu-west-1", "--parameter",
					 "/ecs/config=FROM=ssm", "--fail", "*=503:SlowDown*1", "--clock", "3600", NULL };
	AUTO_STAND_IN metadata = { .pid = 0 }, aws = { .pid = 0 };
	AUTO_IMDS *imds = NULL;
	struct err e;

	(void) state;
	snprintf(object, sizeof object, "conf/a b/\303\244+c.config=%s/object", test_folder);
	assert_int_equal(file_replace(test_root, "/object", "FROM=s3\n", 8, 0600, &e), 0);
	stand_in_start(&metadata, imds_argv);
	stand_in_start(&aws, aws_argv);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url, 1);
	setenv("AWS_ENDPOINT_URL", aws.url, 1);
	assert_int_equal(imds_open(5000, &imds, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *agent = json_object_new_object();
		int r = derive(imds, cases[i].uri, agent, &e);

		if (r != cases[i].want)
			fail_msg("%s: %d %s", cases[i].uri, r, r < 0 ? e.text : "");
		if (r < 0)
			assert_says(e, cases[i].says);
		else
			assert_string_equal(json_text(agent, "FROM", NULL), cases[i].uri[1] == '3' ? "s3" : "ssm");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_go_below_what_is_there), TEST(test_lines_that_are_none_change_nothing), TEST(test_file),
		TEST(test_names_that_are_none),          TEST(test_from_aws),
	};

	return RUN_IN_ROOT("source", tests);
}
