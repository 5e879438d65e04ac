#include <errno.h>

#include "bootstrap/task-roles.h"
#include "common/file.h"
#include "tests/unit/test.h"

#define ON "ECS_ENABLE_TASK_IAM_ROLE"
#define BLOCK "ECS_AWSVPC_BLOCK_IMDS"

/* What name is in the agent's variables afterwards; NULL: not there. */
static const char *derive(const char *section, const char *before, const char *name, int want)
{
	static char text[64];
	AUTO_JSON *agent = before ? json_tokener_parse(before) : json_object_new_object();
	AUTO_JSON *value = section ? json_tokener_parse(section) : NULL;
	struct err e = { .code = 0 };

	assert_int_equal(task_roles_derive(&(struct apply) { .root = -1 }, value, agent, &e), want);
	if (want < 0)
		assert_says(e, "read taskRoles");
	if (!json_text(agent, name, NULL))
		return NULL;
	snprintf(text, sizeof text, "%s", json_text(agent, name, NULL));
	return text;
}

static void test_variables(void **state)
{
	(void) state;
	assert_null(derive(NULL, NULL, ON, APPLY_SAME));
	assert_null(derive("{\"enabled\":true}", NULL, ON, APPLY_SAME));
	assert_string_equal(derive("{\"enabled\":false}", NULL, ON, 0), "false");
	assert_string_equal(derive("{\"enabled\":false}", NULL, ON "_NETWORK_HOST", 0), "false");
	assert_string_equal(derive("{\"enabled\":false}", "{\"" ON "\":\"true\"}", ON, 0), "true");
	assert_null(derive("{\"blockInstanceMetadata\":false}", NULL, BLOCK, APPLY_SAME));
	assert_string_equal(derive("{\"blockInstanceMetadata\":true}", NULL, BLOCK, 0), "true");
	assert_string_equal(derive("{\"blockInstanceMetadata\":true}", "{\"" BLOCK "\":\"false\"}", BLOCK, APPLY_SAME), "false");
	assert_null(derive("[]", NULL, ON, -EINVAL));
	assert_null(derive("{\"enabled\":1}", NULL, ON, -EINVAL));
	assert_null(derive("{\"backend\":\"pf\"}", NULL, ON, -EINVAL));
}

static void apply(int root, const char *section, int want, const char *text)
{
	AUTO_JSON *value = section ? json_tokener_parse(section) : NULL;
	AUTO_BUF b = { .limit = 0 };
	struct err e;

	assert_int_equal(task_roles_apply(&(struct apply) { .root = root }, value, &e), want);
	assert_int_equal(file_read(root, PATH_NETCONF_CONF, 4096, &b, &e), text ? 0 : FILE_ABSENT);
	if (text)
		assert_non_null(strstr(b.p, text));
}

static void test_file(void **state)
{
	char folder[] = "/tmp/test-task-roles-XXXXXX", command[64];
	AUTO_FD root = -1;
	struct err e;

	(void) state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(root_open(folder, &root, &e), 0);
	apply(root, NULL, APPLY_SAME, NULL);
	apply(root, "{}", 0, "\nTASK_ROLES=true\nBLOCK_INSTANCE_METADATA=false\nBACKEND=auto\n");
	apply(root, "{}", APPLY_SAME, "\nTASK_ROLES=true\n");
	apply(root, "{\"enabled\":false,\"blockInstanceMetadata\":true,\"backend\":\"nftables\"}", 0,
	      "\nTASK_ROLES=false\nBLOCK_INSTANCE_METADATA=true\nBACKEND=nftables\n");
	apply(root, "{\"enabled\":3}", -EINVAL, "TASK_ROLES=false\n");
	apply(root, NULL, 0, NULL);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_variables), TEST(test_file) };

	return RUN("task-roles", tests);
}
