#include "bootstrap/settings-table.h"
#include "bootstrap/settings.h"
#include "tests/unit/test.h"

/* One document of one key. NULL: it is taken without a word; else what its only finding says. */
static void assert_document(const char *member, bool is_error, const char *says)
{
	AUTO_SETTINGS s = { .doc = NULL };
	char text[8192];
	struct err e = { .text = "" };
	int r;

	snprintf(text, sizeof text, "{\"version\":1,%s}", member);
	r = settings_add_json(&s, 1, view_of(text), &e);
	if (r == 0)
		r = settings_finish(&s, &e);
	if (!says) {
		if (s.findings.n > 0)
			fail_msg("%s: %s: %s", member, s.findings.list[0].path, s.findings.list[0].text);
		return;
	}
	if (s.findings.n != 1)
		fail_msg("%s: %zu findings: %s", member, s.findings.n, e.text);
	(void) finding_say(&s.findings.list[0], &e);
	assert_says(e, says);
	if ((r < 0) != is_error || s.findings.list[0].is_error != is_error)
		fail_msg("%s: %s", member, e.text);
}

static void test_values_that_are_taken(void **state)
{
	static const char *const members[] = {
		"\"agentConfigSource\":\"s3://my.bucket-1/path/ecs.config\"", "\"agentConfigSource\":\"ssm:/team/ecs_config\"",
		"\"agentConfigSource\":\"file:/etc/ecs/base.config\"", "\"taskRoles\":{\"enabled\":false,\"blockInstanceMetadata\":true}",
		"\"taskRoles\":{\"backend\":\"nftables\"}", "\"eniTrunking\":\"disabled\"", "\"spotDraining\":\"auto\"", "\"spotDraining\":false", "\"swap\":{\"size\":\"auto\"}",
		"\"swap\":{\"size\":\"512MiB\",\"device\":\"zram\",\"swappiness\":0}", "\"swap\":{\"size\":\"4GiB\",\"device\":\"/swap\",\"swappiness\":100}",
		"\"swap\":null", "\"swap\":{\"size\":\"1GiB\",\"device\":null}",
		"\"efs\":[]", "\"efs\":[{\"mountPoint\":\"/efs/a\",\"fileSystemId\":\"fs-0123456789abcdef0\",\"rootDirectory\":\"/\","
		"\"transitEncryption\":\"ENABLED\",\"transitEncryptionPort\":65535,\"required\":true,"
		"\"authorizationConfig\":{\"accessPointId\":\"fsap-0123456789abcdef0\",\"iam\":\"ENABLED\"}}]",
		"\"proxy\":{\"http\":\"http://u:p%20w@10.0.0.131:3128\",\"noProxy\":[\".internal\",\"10.0.0.0/8\",\"fd00:ec2::254\"]}",
		"\"docker\":{\"live-restore\":true,\"log-opts\":{\"max-size\":\"16m\"},\"dns\":[\"10.0.0.2\"]}",
		"\"packages\":[\"amazon-ssm-agent\",\"libstdc++6\",\"nfs-common=1:2.6~rc1\"]",
		"\"startTasks\":[{\"taskDefinition\":\"monitoring:3\",\"group\":\"g\",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}],"
		"\"overrides\":{\"any\":[1,{}]}},{\"taskDefinition\":\"arn:aws:ecs:eu-west-1:123456789012:task-definition/x_y:1\"}]",
		"\"agent\":{\"ECS_CLUSTER\":\"c\",\"HTTP_PROXY\":\"h:1\",\"WHATEVER\":1}",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		assert_document(members[i], false, NULL);
}

struct refused {
	const char *member, *says;
};

static void assert_refused(const struct refused *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_document(cases[i].member, true, cases[i].says);
}

static void test_types_words_and_ranges(void **state)
{
	static const struct refused cases[] = {
		{ "\"swap\":[]", "column 21: swap: must be an object, not a list" },
		{ "\"swap\":{\"size\":4}", "swap.size: must be a size such as 512MiB or 4GiB, or auto, not 4" },
		{ "\"swap\":{\"size\":\"4GB\"}", "swap.size: must be a size" },
		{ "\"swap\":{\"size\":\"0MiB\"}", "swap.size: must be a size" },
		{ "\"swap\":{\"size\":\"1GiB\",\"swappiness\":101}", "swap.swappiness: must be an integer from 0 to 100, not 101" },
		{ "\"swap\":{\"size\":\"1GiB\",\"swappiness\":-1}", "swap.swappiness: must be an integer from 0 to 100" },
		{ "\"swap\":{\"size\":\"1GiB\",\"swappiness\":6e1}", "swap.swappiness: must be an integer" },
		{ "\"swap\":{\"size\":\"1GiB\",\"swappiness\":99999999999999999999}", "swap.swappiness: must be an integer" },
		{ "\"swap\":{\"size\":\"1GiB\",\"device\":\"swapfile\"}", "swap.device: must be an absolute path, instance-store or zram" },
		{ "\"swap\":{\"size\":\"1GiB\",\"device\":\"/a/../b\"}", "swap.device: must be" },
		{ "\"swap\":{\"sise\":\"1GiB\",\"size\":\"1GiB\"}", "swap.sise: unknown key; did you mean 'size'?" },
		{ "\"swap\":{}", "swap: key 'size' is missing" },
		{ "\"taskRoles\":{\"enabled\":\"true\"}", "taskRoles.enabled: must be true or false, not \"true\"" },
		{ "\"taskRoles\":{\"backend\":\"pf\"}", "taskRoles.backend: must be auto, iptables or nftables, not \"pf\"" },
		{ "\"eniTrunking\":true", "eniTrunking: must be enabled, disabled or auto, not true" },
		{ "\"eniTrunking\":\"able\"", "eniTrunking: must be enabled, disabled or auto, not \"able\"" },
		{ "\"eniTrunking\":\"\"", "eniTrunking: must be" },
		{ "\"spotDraining\":\"true\"", "spotDraining: must be auto, true or false, not \"true\"" },
		{ "\"packages\":[\"a\",\"b;c\"]", "packages[1]: must be a package's name" },
		{ "\"packages\":[\"-y\"]", "packages[0]: must be a package's name" },
		{ "\"packages\":[\"\"]", "packages[0]: must be a package's name" },
		{ "\"packages\":[null]", "packages[0]: must be" },
		{ "\"packages\":\"a\"", "packages: must be a list" },
		{ "\"startTasks\":[{}]", "startTasks[0]: key 'taskDefinition' is missing" },
		{ "\"startTasks\":[{\"taskDefinition\":\"a:\"}]", "startTasks[0].taskDefinition: must be FAMILY" },
		{ "\"startTasks\":[{\"taskDefinition\":\"a\",\"group\":\"a\\nb\"}]", "startTasks[0].group: must be a string" },
		{ "\"startTasks\":[{\"taskDefinition\":\"a\",\"tags\":[{\"kye\":\"x\",\"key\":\"x\"}]}]",
		  "startTasks[0].tags[0].kye: unknown key; did you mean 'key'?" },
		{ "\"agentConfigSource\":\"https://x/y\"", "agentConfigSource: must be s3://BUCKET/KEY, ssm:/NAME or file:/PATH, not \"https://x/y\"" },
		{ "\"agentConfigSource\":\"s3://bucket/\"", "agentConfigSource: must be" },
		{ "\"agentConfigSource\":\"s3://Bucket_/k\"", "agentConfigSource: must be" },
		{ "\"agentConfigSource\":\"ssm:name\"", "agentConfigSource: must be" },
		{ "\"agentConfigSource\":\"file:/a/../b\"", "agentConfigSource: must be" },
	};

	(void) state;
	assert_refused(cases, ARRAY_LEN(cases));
}

#define MOUNT "\"mountPoint\":\"/efs\",\"fileSystemId\":\"fs-01234567\""

static void test_efs(void **state)
{
	static const struct refused cases[] = {
		{ "\"efs\":[{\"fileSystemId\":\"fs-01234567\"}]", "efs[0]: key 'mountPoint' is missing" },
		{ "\"efs\":[{\"mountPoint\":\"/efs\"}]", "column 21: efs[0]: key 'fileSystemId' is missing: the file system" },
		{ "\"efs\":[{\"mountPoint\":\"/efs\",\"fileSystemId\":\"efs-01234567\"}]", "efs[0].fileSystemId: must be fs- and 8 to 40 hexadecimal digits" },
		{ "\"efs\":[{\"mountPoint\":\"/efs\",\"fileSystemId\":\"fs-0123456G\"}]", "efs[0].fileSystemId: must be" },
		{ "\"efs\":[{\"mountPoint\":\"/etc\",\"fileSystemId\":\"fs-01234567\"}]", "efs[0].mountPoint: must be an absolute path" },
		{ "\"efs\":[{\"mountPoint\":\"/a/../etc\",\"fileSystemId\":\"fs-01234567\"}]", "efs[0].mountPoint: must be" },
		{ "\"efs\":[{\"mountPoint\":\"efs\",\"fileSystemId\":\"fs-01234567\"}]", "efs[0].mountPoint: must be" },
		{ "\"efs\":[{\"mountPoint\":\"/efs/\",\"fileSystemId\":\"fs-01234567\"}]", "efs[0].mountPoint: must be" },
		{ "\"efs\":[{" MOUNT "},{" MOUNT "}]", "efs[1].mountPoint: efs[0] has the same mount point" },
		{ "\"efs\":[{" MOUNT ",\"transitEncryption\":\"enabled\"}]", "efs[0].transitEncryption: must be ENABLED or DISABLED, not \"enabled\"" },
		{ "\"efs\":[{" MOUNT ",\"transitEncryptionPort\":65536}]", "transitEncryptionPort: must be an integer from 0 to 65535, not 65536" },
		{ "\"efs\":[{" MOUNT ",\"authorizationConfig\":{\"iam\":true}}]", "efs[0].authorizationConfig.iam: must be ENABLED or DISABLED, not true" },
		{ "\"efs\":[{" MOUNT ",\"authorizationConfig\":{\"accesPointId\":\"x\"}}]", "unknown key; did you mean 'accessPointId'?" },
		{ "\"efs\":[{" MOUNT ",\"authorizationConfig\":{\"iam\":\"ENABLED\"}}]",
		  "efs[0].transitEncryption: Transit encryption must be enabled if Amazon EFS IAM authorization is used" },
		{ "\"efs\":[{" MOUNT ",\"authorizationConfig\":{\"accessPointId\":\"fsap-01234567\"}}]",
		  "If an access point is used, transit encryption must be enabled" },
		{ "\"efs\":[{" MOUNT ",\"transitEncryption\":\"ENABLED\",\"rootDirectory\":\"/x\",\"authorizationConfig\":{\"accessPointId\":\"fsap-01234567\"}}]",
		  "When using an EFS access point, the root directory must either be set to \"/\" or be omitted" },
		{ "\"efs\":[{" MOUNT ",\"rootDirectory\":\"x\"}]", "efs[0].rootDirectory: must be an absolute path" },
	};

	(void) state;
	assert_refused(cases, ARRAY_LEN(cases));
}

static void test_proxy_and_docker(void **state)
{
	static const struct refused cases[] = {
		{ "\"proxy\":{\"http\":\"10.0.0.131:3128\"}", "proxy.http: it has no scheme" },
		{ "\"proxy\":{\"noProxy\":[\".x\"]}", "proxy: neither 'http' nor 'https' is given" },
		{ "\"proxy\":{\"http\":\"http://h:1\",\"noProxy\":[\"a,b\"]}", "proxy.noProxy[0]: must be a host" },
		{ "\"docker\":[]", "docker: must be an object with keys of daemon.json" },
		{ "\"docker\":{\"hosts\":[\"fd://\"]}", "docker.hosts: Docker would not start" },
		{ "\"docker\":{\"log-opts\":{\"max-file\":3}}", "docker.log-opts: it must be an object whose values are strings" },
	};

	(void) state;
	assert_refused(cases, ARRAY_LEN(cases));
	assert_document("\"docker\":{\"live-restor\":true}", false, "docker.live-restor: Docker knows no key 'live-restor'; did you mean 'live-restore'?");
	assert_document("\"agent\":{\"ECS_CLUSTR\":\"x\"}", false, "agent.ECS_CLUSTR: the agent is not known to have this variable; did you mean 'ECS_CLUSTER'?");
	assert_document("\"agent\":{\"ECS_COMPLETELY_NEW_THING\":\"x\"}", false, "the agent is not known to have this variable");
	assert_document("\"spotDraining\":true,\"agent\":{\"ECS_ENABLE_SPOT_INSTANCE_DRAINING\":false}", false,
			"spotDraining: agent.ECS_ENABLE_SPOT_INSTANCE_DRAINING is set too");
}

static void test_secrets_stay_unsaid(void **state)
{
	static const char *const members[] = {
		"\"proxy\":{\"http\":\"bob:hunter2@10.0.0.131:3128\"}", "\"proxy\":\"hunter2\"", "\"agent\":\"hunter2\"", "\"docker\":\"hunter2\"",
		"\"agent\":{\"A\":\"hunter2\\n\"}", "\"proxy\":{\"http\":\"http://h\",\"noProxy\":[\"hunter2,x\"]}",
		"\"startTasks\":[{\"taskDefinition\":\"t\",\"overrides\":\"hunter2\"}]",
		"\"startTasks\":{\"overrides\":\"hunter2\"}", "\"spotDraining\":[\"hunter2\"]",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		AUTO_SETTINGS s = { .doc = NULL };
		char text[256];
		struct err e;

		snprintf(text, sizeof text, "{\"version\":1,%s}", members[i]);
		assert_true(settings_add_json(&s, 1, view_of(text), &e) < 0);
		if (strstr(e.text, "hunter2"))
			fail_msg("%s", e.text);
	}
}

/* What only all parts together can tell is told with the part and place of what is there. */
static void test_rules_over_several_parts(void **state)
{
	AUTO_SETTINGS s = { .doc = NULL };
	struct err e;

	(void) state;
	assert_int_equal(settings_add_json(&s, 2, view_of("{\"version\":1,\"swap\":{\"swappiness\":10},\n \"efs\":[{" MOUNT ",\n"
							    "\"authorizationConfig\":{\"iam\":\"ENABLED\"}}]}"), &e), 0);
	assert_int_equal(settings_add_json(&s, 5, view_of("{\"version\":1,\"swap\":{\"size\":\"1GiB\"},\n \"efs\":[{\"mountPoint\":\"/other\",\"fileSystemId\":\"fs-01234567\"},"
							    "\n{\"mountPoint\":\"/efs\",\"transitEncryption\":\"DISABLED\"}]}"), &e), 0);
	assert_true(settings_finish(&s, &e) < 0);
	assert_string_equal(e.text, "read part 5, line 3, column 42: efs[0].transitEncryption: Transit encryption must be enabled if Amazon EFS "
				    "IAM authorization is used");
	assert_int_equal(s.findings.errors, 1);
}

static void test_all_errors_are_kept(void **state)
{
	AUTO_SETTINGS s = { .doc = NULL };
	struct err e;

	(void) state;
	assert_true(settings_add_json(&s, 1, view_of("{\"version\":1,\n\"a\":1,\n\"eniTrunking\":1,\"agent\":{\"ECS_X\":1}}"), &e) < 0);
	assert_says(e, "line 2, column 1: a: unknown key; and 1 more error");
	assert_int_equal(s.findings.n, 3);
	assert_int_equal(s.findings.errors, 2);
	assert_true(settings_add_env(&s, 2, view_of("x\nA B=1\nECS_CLUSTR=1\n"), &e) < 0);
	assert_says(e, "part 2, line 1: there is no '='; write NAME=VALUE or start a comment with '#'; and 1 more error");
	assert_int_equal(s.findings.n, 6);
	assert_string_equal(s.findings.list[5].path, "ECS_CLUSTR");
	assert_false(s.findings.list[5].is_error);
}

static void test_too_many_findings(void **state)
{
	AUTO_SETTINGS s = { .doc = NULL };
	AUTO_BUF text = { 0 };
	struct err e;

	(void) state;
	for (unsigned i = 0; i < 2 * FINDINGS_MAX; i++)
		assert_int_equal(buf_printf(&text, "ECS_N%u=1\n", i), 0);
	assert_int_equal(settings_add_env(&s, 1, buf_view(&text), &e), 0);
	assert_int_equal(s.findings.n, FINDINGS_MAX);
	assert_true(settings_add_json(&s, 2, view_of("{\"version\":1,\"a\":1}"), &e) < 0);
	assert_says(e, "there are more than 64 findings");
}

/* A row that no parent leads to would never be reached. */
static void test_table_hangs_together(void **state)
{
	(void) state;
	for (size_t i = 0; i < settings_table_len; i++) {
		unsigned parents = setting_leaf(&settings_table[i], "") ? 1 : 0;

		for (size_t k = 0; k < i; k++)
			parents += setting_leaf(&settings_table[i], settings_table[k].path) ? 1 : 0;
		if (parents != 1)
			fail_msg("%s has %u parents above it", settings_table[i].path, parents);
		assert_non_null(settings_table[i].help);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values_that_are_taken), TEST(test_types_words_and_ranges), TEST(test_efs), TEST(test_proxy_and_docker),
		TEST(test_secrets_stay_unsaid), TEST(test_rules_over_several_parts), TEST(test_all_errors_are_kept),
		TEST(test_too_many_findings), TEST(test_table_hangs_together),
	};

	return RUN("settings-table", tests);
}
