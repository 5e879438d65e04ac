/* The parts of the request that are not in the table of test-request-table.c: odd values, the hash, what is said about bad ones. */
#include "init/engine/complaints.h"
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

/* What no process can be given must not keep the agent from starting. */
static void test_values_that_no_process_takes(void **state)
{
	static const char text[] = "BEFORE=1\nNUL=a\0b\nN\0AME=1\nAFTER=2\n";
	AUTO_BUF line = { 0 };
	AUTO_HOST h = debian("", "");

	(void) state;
	assert_int_equal(buf_add(&h.user_config, text, sizeof text - 1), 0);
	assert_string_equal(env(&h, "BEFORE"), "1");
	assert_string_equal(env(&h, "NUL"), "(unset)");
	assert_string_equal(env(&h, "N"), "(unset)");
	assert_string_equal(env(&h, "AFTER"), "2");
	for (int over = 0; over < 2; over++) {
		buf_clear(&h.user_config);
		assert_int_equal(buf_printf(&h.user_config, "LONG=%0*d\nAFTER=3", ENV_VALUE_MAX + over, 0), 0);
		assert_true((strcmp(env(&h, "LONG"), "(unset)") == 0) == over);
		assert_string_equal(env(&h, "AFTER"), "3");
	}
	buf_clear(&h.user_config);
	assert_int_equal(buf_printf(&h.user_config, "N%0*d=1\nX%0*d=1\n", ENV_NAME_MAX, 0, ENV_NAME_MAX - 1, 0), 0);
	assert_int_equal(buf_printf(&line, "X%0*d", ENV_NAME_MAX - 1, 0), 0);
	assert_string_equal(env(&h, line.p), "1");
	line.p[0] = 'N';
	assert_string_equal(env(&h, line.p), "(unset)");
}

static void test_complaints(void **state)
{
	static const struct {
		const char *config, *want;
	} cases[] = {
		{ "ECS_CLUSTER=a\n# b\n\nECS_LOG_OPTS={\"a\":\"b\"}\nECS_LOG_DRIVER=syslog\nECS_AGENT_LABELS={}\n", "" },
		{ "export A=secret\nplain secret\n", "/etc/ecs/ecs.config:1: 2 lines are passed over: not NAME=VALUE\n" },
		{ "\nno\n", "/etc/ecs/ecs.config:2: 1 line is passed over: not NAME=VALUE\n" },
		{ "A=\"secret\"\n", "/etc/ecs/ecs.config:1: A: the quotes belong to the value; the agent gets them too\n" },
		{ "ECS_AGENT_LABELS={\"a\":1}\n", "ECS_AGENT_LABELS: not a JSON object of strings; what is none is left out\n" },
		{ "ECS_AGENT_LABELS=secret\n", "ECS_AGENT_LABELS: not a JSON object of strings; what is none is left out\n" },
		{ "ECS_LOG_DRIVER=x\nECS_LOG_OPTS=y\n", "ECS_LOG_DRIVER: no driver that is known here; json-file is used, without ECS_LOG_OPTS\n" },
		{ "ECS_LOG_OPTS=y\n", "ECS_LOG_OPTS: not a JSON object of strings; it is not used\n" },
		{ "ECS_AGENT_PID_NAMESPACE_HOST=yes\n", "ECS_AGENT_PID_NAMESPACE_HOST: neither true nor false; false is used\n" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_HOST h = debian("", cases[i].config);
		AUTO_BUF lines = { 0 };

		host_complaints(&h, &lines);
		assert_string_equal(lines.p ? lines.p : "", cases[i].want);
	}
}

static void test_complaints_about_the_host(void **state)
{
	AUTO_HOST h = debian("NUL=x", "ECS_GMSA_SUPPORTED=true\n");
	AUTO_BUF lines = { 0 };

	(void) state;
	assert_int_equal(buf_add(&h.instance_config, "\0\n", 2), 0);
	h.external = true;
	h.nsenter = false;
	host_complaints(&h, &lines);
	assert_string_equal(lines.p, "/var/lib/ecs/ecs.config:1: NUL is passed over: its value holds a NUL byte\n"
		"ECS_EXTERNAL is true, but AWS_DEFAULT_REGION is not set; the agent does not know its region\n"
		"ECS_GMSA_SUPPORTED is true, but 'realm list' names no domain that this host has joined\n"
		"ECS_GMSA_SUPPORTED is true, but there is no credentials-fetcher socket '/var/credentials-fetcher/socket/credentials_fetcher.sock'\n"
		"there is no '/usr/bin/nsenter'; the agent cannot set up the network of awsvpc tasks\n");
}

static void test_complaints_are_bounded(void **state)
{
	AUTO_HOST h = debian("", "");
	AUTO_BUF lines = { 0 };

	(void) state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_printf(&h.user_config, "A%d=\"\"\n", i), 0);
	host_complaints(&h, &lines);
	assert_in_range(lines.len, COMPLAINTS_MAX / 2, COMPLAINTS_MAX);
	assert_int_equal(lines.p[lines.len - 1], '\n');
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
	same.cloud_result = !a.cloud_result;
	assert_string_equal(hash(&a, "sha256:1", one), hash(&same, "sha256:1", two));
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
		TEST(test_values_that_no_process_takes), TEST(test_complaints), TEST(test_complaints_about_the_host),
		TEST(test_complaints_are_bounded), TEST(test_log_config_is_bounded), TEST(test_hash_follows_the_request),
		TEST(test_os_family),
	};

	return RUN("request", tests);
}
