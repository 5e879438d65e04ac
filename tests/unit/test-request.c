/* The agent's container for one situation after another: which facts change what. */
#include "init/engine/container.h"
#include "init/engine/request.h"
#include "tests/unit/test.h"

/* A Debian host, Docker 20.10, nothing special. The texts of its env files are set by each test. */
static struct host debian(const char *instance_config, const char *user_config)
{
	struct host h = {
		.api = 141, .docker_socket = "/var/run/docker.sock", .certs_dir = "/etc/ssl/certs", .pki_dir = "/etc/ssl",
		.os_family = "debian_12", .credentials_fetcher = "/var/credentials-fetcher/socket/credentials_fetcher.sock",
		.cgroup_v2 = true, .ebs_dir = true, .nsenter = true, .lsblk = true, .alternatives = true, .lib64 = true,
		.modinfo = "/sbin/modinfo",
	};

	assert_int_equal(buf_printf(&h.instance_config, "%s", instance_config), 0);
	assert_int_equal(buf_printf(&h.user_config, "%s", user_config), 0);
	return h;
}

static const char *env(const struct host *h, const char *name)
{
	static char text[512];
	AUTO_JSON *o = agent_environment(h);
	const char *v = json_text(o, name, NULL);

	snprintf(text, sizeof text, "%s", v ? v : "(unset)");
	return text;
}

static bool has_bind(const struct host *h, const char *text)
{
	AUTO_JSON *e = agent_environment(h);
	AUTO_JSON *list = agent_binds(h, e);

	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text) == 0)
			return true;
	return false;
}

static void test_default_environment(void **state)
{
	AUTO_HOST h = debian("", "");
	AUTO_JSON *o = agent_environment(&h);

	(void) state;
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		"{\"ECS_LOGFILE\":\"/log/ecs-agent.log\",\"ECS_DATADIR\":\"/data\",\"ECS_AGENT_CONFIG_FILE_PATH\":\"/etc/ecs/ecs.config.json\","
		"\"ECS_UPDATE_DOWNLOAD_DIR\":\"/var/cache/ecs\",\"ECS_UPDATES_ENABLED\":\"true\","
		"\"ECS_AVAILABLE_LOGGING_DRIVERS\":\"[\\\"json-file\\\",\\\"syslog\\\",\\\"awslogs\\\",\\\"fluentd\\\",\\\"none\\\"]\","
		"\"ECS_ENABLE_TASK_IAM_ROLE\":\"true\",\"ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST\":\"true\",\"ECS_EBSTA_SUPPORTED\":\"true\","
		"\"ECS_AGENT_LABELS\":\"\",\"ECS_VOLUME_PLUGIN_CAPABILITIES\":\"[\\\"efsAuth\\\"]\",\"ECS_ENABLE_TASK_ENI\":\"true\","
		"\"ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE\":\"true\",\"ECS_DETAILED_OS_FAMILY\":\"debian_12\",\"SSL_CERT_DIR\":\"/etc/ssl/certs\","
		"\"CREDENTIALS_FETCHER_HOST_DIR\":\"/var/credentials-fetcher/socket/credentials_fetcher.sock\"}");
}

static void test_files_override_and_forced_wins(void **state)
{
	AUTO_HOST h = debian("ECS_CLUSTER=ami\nECS_DATADIR=/ami\nECS_ENABLE_GPU_SUPPORT=true\n",
			     "# ECS_CLUSTER=commented\nECS_CLUSTER=user\nQ=\"a b\"\nexport X=1\nECS_ENABLE_TASK_ENI=true\nECS_CLUSTER=last\n");

	(void) state;
	assert_string_equal(env(&h, "ECS_CLUSTER"), "last");
	assert_string_equal(env(&h, "ECS_DATADIR"), "/ami");
	assert_string_equal(env(&h, "Q"), "\"a b\"");
	assert_string_equal(env(&h, "export X"), "(unset)");
	assert_string_equal(env(&h, "#COMMENTED"), "(unset)");
	assert_string_equal(env(&h, "ECS_ENABLE_GPU_SUPPORT"), "(unset)"); /* the AMI's switch, but no device */
	assert_string_equal(env(&h, "ECS_ENABLE_TASK_ENI"), "true");
	h.gpu_devices = true;
	assert_string_equal(env(&h, "ECS_ENABLE_GPU_SUPPORT"), "true");
	h.external = true;
	assert_string_equal(env(&h, "ECS_ENABLE_TASK_ENI"), "false");
	h.ebs_dir = false;
	assert_string_equal(env(&h, "ECS_EBSTA_SUPPORTED"), "false");
}

static void test_default_binds(void **state)
{
	AUTO_HOST h = debian("", "");
	AUTO_JSON *e = agent_environment(&h);
	AUTO_JSON *list = agent_binds(&h, e);

	(void) state;
	assert_string_equal(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		"[\"/var/run:/var/run\",\"/var/log/ecs:/log\",\"/var/lib/ecs/data:/data\",\"/etc/ecs:/etc/ecs\",\"/var/cache/ecs:/var/cache/ecs\","
		"\"/sys/fs/cgroup:/sys/fs/cgroup\",\"/var/lib/ecs:/var/lib/ecs\",\"/var/log/ecs/exec:/log/exec\",\"/etc/ssl:/etc/ssl:ro\","
		"\"/run/docker/plugins:/run/docker/plugins:ro\",\"/etc/docker/plugins:/etc/docker/plugins:ro\","
		"\"/usr/lib/docker/plugins:/usr/lib/docker/plugins:ro\",\"/proc:/host/proc:ro\",\"/usr/lib:/usr/lib:ro\",\"/lib:/lib:ro\","
		"\"/lib64:/lib64:ro\",\"/sbin:/host/sbin:ro\",\"/etc/alternatives:/etc/alternatives:ro\",\"/usr/sbin:/usr/sbin:ro\","
		"\"/usr/bin/lsblk:/usr/bin/lsblk\",\"/usr/bin/nsenter:/usr/bin/nsenter\",\"/sbin/modinfo:/sbin/modinfo\"]");
}

static void test_binds_by_condition(void **state)
{
	AUTO_HOST h = debian("", "ECS_ENABLE_GPU_SUPPORT=true\nECS_GMSA_SUPPORTED=true\nDOCKER_HOST=unix:///inside.sock\n");

	(void) state;
	assert_false(has_bind(&h, "/var/lib/ecs/gpu:/var/lib/ecs/gpu"));
	h.gpu_devices = h.deps_dir = h.exec_dir = h.cloud_result = h.credentials_fetcher_there = true;
	assert_true(has_bind(&h, "/var/lib/ecs/gpu:/var/lib/ecs/gpu"));
	assert_true(has_bind(&h, "/var/lib/ecs/deps:/managed-agents:ro"));
	assert_true(has_bind(&h, "/var/lib/ecs/deps/execute-command/config:/managed-agents/execute-command/config"));
	assert_true(has_bind(&h, "/var/lib/cloud/data/result.json:/var/lib/cloud/data/result.json:ro"));
	assert_true(has_bind(&h, "/var/credentials-fetcher/socket/credentials_fetcher.sock:/var/credentials-fetcher/socket/credentials_fetcher.sock"));
	h.external = true;
	assert_true(has_bind(&h, "/root/.aws:/rotatingcreds:ro"));
	assert_false(has_bind(&h, "/var/lib/cloud/data/result.json:/var/lib/cloud/data/result.json:ro"));
	h.docker_socket = "/run/alt/docker.sock";
	assert_true(has_bind(&h, "/run/alt/docker.sock:/inside.sock"));
	assert_false(has_bind(&h, "/var/run:/var/run"));
}

static const char *host_config(const struct host *h, const char *key)
{
	static char text[512];
	AUTO_JSON *o = agent_request(h, "sha256:1");
	struct json_object *hc, *v = NULL;

	assert_int_equal(json_get(o, json_type_object, &hc, "HostConfig", NULL), 0);
	if (!json_object_object_get_ex(hc, key, &v))
		return "(unset)";
	snprintf(text, sizeof text, "%s", json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
	return text;
}

static void test_host_config(void **state)
{
	AUTO_HOST h = debian("", "");
	AUTO_HOST odd = debian("", "ECS_AGENT_RUN_PRIVILEGED=true\nECS_AGENT_PID_NAMESPACE_HOST=T\nECS_LOG_DRIVER=syslog\nECS_LOG_OPTS={\"tag\":\"x\"}\n");

	(void) state;
	assert_string_equal(host_config(&h, "NetworkMode"), "\"host\"");
	assert_string_equal(host_config(&h, "UsernsMode"), "\"host\"");
	assert_string_equal(host_config(&h, "IpcMode"), "\"shareable\"");
	assert_string_equal(host_config(&h, "CapAdd"), "[\"NET_ADMIN\",\"SYS_ADMIN\"]");
	assert_string_equal(host_config(&h, "Init"), "true");
	assert_string_equal(host_config(&h, "Privileged"), "(unset)");
	assert_string_equal(host_config(&h, "PidMode"), "(unset)");
	assert_string_equal(host_config(&h, "RestartPolicy"), "(unset)");
	assert_string_equal(host_config(&h, "CgroupnsMode"), "(unset)");
	assert_string_equal(host_config(&h, "LogConfig"), "{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"16m\",\"max-file\":\"4\"}}");
	h.cgroup_v2 = false;
	assert_string_equal(host_config(&h, "CgroupnsMode"), "\"host\"");
	h.external = true;
	assert_string_equal(host_config(&h, "CapAdd"), "(unset)");
	h.api = 124;
	assert_string_equal(host_config(&h, "Init"), "(unset)");
	assert_string_equal(host_config(&odd, "Privileged"), "true");
	assert_string_equal(host_config(&odd, "PidMode"), "\"host\"");
	assert_string_equal(host_config(&odd, "LogConfig"), "{\"Type\":\"syslog\",\"Config\":{\"tag\":\"x\"}}");
}

/* Whatever is wrong in the log settings, json-file never grows without bound. */
static void test_log_config_is_bounded(void **state)
{
	static const char *const cases[] = {
		"ECS_LOG_OPTS={bad", "ECS_LOG_OPTS={}", "ECS_LOG_OPTS={\"max-file\":4}", "ECS_LOG_DRIVER=nonsense", "ECS_LOG_OPTS=[1]",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_HOST h = debian("", cases[i]);

		assert_string_equal(host_config(&h, "LogConfig"), "{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"16m\",\"max-file\":\"4\"}}");
	}
	AUTO_HOST h = debian("", "ECS_LOG_OPTS={\"max-size\":\"1m\"}\nECS_INIT_DOCKER_LOG_FILE_NUM=2\n");
	assert_string_equal(host_config(&h, "LogConfig"), "{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\",\"max-file\":\"2\"}}");
}

static const char *hash(const struct host *h, const char *image, char ret[80])
{
	AUTO_JSON *o = agent_request(h, image);

	snprintf(ret, 80, "%s", json_text(o, "Labels", HASH_LABEL, NULL));
	assert_int_equal(strlen(ret), 64);
	return ret;
}

static void test_hash_follows_the_request(void **state)
{
	AUTO_HOST a = debian("", "ECS_CLUSTER=x\n");
	AUTO_HOST same = debian("", "# a comment changes nothing\nECS_CLUSTER=x\n");
	AUTO_HOST other = debian("", "ECS_CLUSTER=y\n");
	char one[80], two[80];

	(void) state;
	assert_string_equal(hash(&a, "sha256:1", one), hash(&same, "sha256:1", two));
	assert_string_not_equal(hash(&a, "sha256:1", one), hash(&other, "sha256:1", two));
	assert_string_not_equal(hash(&a, "sha256:1", one), hash(&a, "sha256:2", two));
}

static void test_labels_of_the_user(void **state)
{
	AUTO_HOST h = debian("", "ECS_AGENT_LABELS={\"team\":\"x\",\"n\":1}\n");
	AUTO_JSON *o = agent_request(&h, "sha256:1");

	(void) state;
	assert_string_equal(json_text(o, "Labels", "team", NULL), "x");
	assert_null(json_text(o, "Labels", "n", NULL));
	assert_string_equal(json_text(o, "Image", NULL), "amazon/amazon-ecs-agent:latest");
}

static void test_os_family(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "NAME=\"Amazon Linux\"\nID=\"amzn\"\nVERSION_ID=\"2023\"\n", "amzn_2023" },
		{ "ID=debian\nVERSION_ID='12'\n", "debian_12" },
		{ "ID=arch\n", "linux" }, { "VERSION_ID=1\n", "linux" }, { "", "linux" },
	};
	char text[80];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		os_family(view_of(cases[i].text), text);
		assert_string_equal(text, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_default_environment), TEST(test_files_override_and_forced_wins), TEST(test_default_binds),
		TEST(test_binds_by_condition), TEST(test_host_config), TEST(test_log_config_is_bounded),
		TEST(test_hash_follows_the_request), TEST(test_labels_of_the_user), TEST(test_os_family),
	};

	return RUN("request", tests);
}
