#include "bootstrap/wait.h"
#include "tests/unit/test.h"

static void test_registered(void **state)
{
#define ARN "arn:aws-cn:ecs:cn-north-1:123456789012:container-instance/c/0123"
	static const char *const no[] = {
		"", "<html>", "{}", "{\"Cluster\":\"c\",\"ContainerInstanceArn\":null}", "{\"Cluster\":\"\",\"ContainerInstanceArn\":\"" ARN "\"}",
		"{\"Cluster\":\"c\",\"ContainerInstanceArn\":\"arn:aws:ecs\"}", "{\"Cluster\":\"c\\\"d\",\"ContainerInstanceArn\":\"" ARN "\"}",
		"{\"Cluster\":\"c\",\"ContainerInstanceArn\":\"arn:aws:ecs:evil.com/:1:x\"}",
	};
	struct agent_identity who;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(wait_registered(view_of(no[i]), &who));
	assert_true(wait_registered(view_of("{\"Cluster\":\"blue\",\"ContainerInstanceArn\":\"" ARN "\",\"Version\":\"x\"}"), &who));
	assert_string_equal(who.region, "cn-north-1");
	assert_string_equal(who.instance, ARN);
	assert_string_equal(who.cluster, "blue");
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_registered) };

	return RUN("wait", tests);
}
