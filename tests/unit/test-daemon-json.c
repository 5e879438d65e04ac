#include <errno.h>

#include "bootstrap/daemon-json.h"
#include "bootstrap/daemon-keys.h"
#include "bootstrap/daemon-merge.h"
#include "tests/unit/test.h"

static void assert_json(struct json_object *got, const char *wanted)
{
	AUTO_JSON *o = wanted ? test_json(wanted) : NULL;

	if (!json_object_equal(got, o))
		fail_msg("got %s, wanted %s", json_object_to_json_string(got), wanted);
}

static void test_merge_and_back(void **state)
{
	static const struct {
		const char *file, *section, *merged, *ours;
	} cases[] = {
		{ "{}", "{}", "{}", NULL },
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":1}", NULL },
		{ "{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}", "{\"added\":{\"b\":2}}" },
		{ "{\"o\":{\"x\":1}}", "{\"o\":{\"x\":2,\"y\":3}}", "{\"o\":{\"x\":1,\"y\":3}}", "{\"within\":{\"o\":{\"added\":{\"y\":3}}}}" },
		{ "{\"o\":{}}", "{\"o\":{\"x\":2}}", "{\"o\":{\"x\":2}}", "{\"within\":{\"o\":{\"added\":{\"x\":2}}}}" },
		{ "{}", "{\"o\":{\"x\":{\"y\":[1]}}}", "{\"o\":{\"x\":{\"y\":[1]}}}", "{\"added\":{\"o\":{\"x\":{\"y\":[1]}}}}" },
		{ "{\"o\":{\"p\":{\"q\":1}}}", "{\"o\":{\"p\":{\"r\":2}},\"z\":[]}", "{\"o\":{\"p\":{\"q\":1,\"r\":2}},\"z\":[]}",
		  "{\"added\":{\"z\":[]},\"within\":{\"o\":{\"within\":{\"p\":{\"added\":{\"r\":2}}}}}}" },
		{ "{\"a\":[1],\"o\":7,\"n\":null}", "{\"a\":[2],\"o\":{\"x\":1},\"n\":1}", "{\"a\":[1],\"o\":7,\"n\":null}", NULL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *doc = test_json(cases[i].file);
		AUTO_JSON *section = test_json(cases[i].section);
		AUTO_JSON *ours = NULL;

		assert_int_equal(daemon_merge(doc, section, &ours), 0);
		assert_json(doc, cases[i].merged);
		assert_json(ours, cases[i].ours);
		if (ours)
			daemon_unmerge(doc, ours);
		assert_json(doc, cases[i].file);
		assert_json(section, cases[i].section);
	}
}

static void test_what_somebody_changed_stays(void **state)
{
	static const struct {
		const char *file, *ours, *after;
	} cases[] = {
		{ "{\"a\":2}", "{\"added\":{\"a\":1}}", "{\"a\":2}" },
		{ "{}", "{\"added\":{\"a\":1}}", "{}" },
		{ "{\"o\":{\"x\":1,\"mine\":2}}", "{\"added\":{\"o\":{\"x\":1,\"y\":1}}}", "{\"o\":{\"mine\":2}}" },
		{ "{\"o\":{\"x\":9,\"y\":1}}", "{\"added\":{\"o\":{\"x\":1,\"y\":1}}}", "{\"o\":{\"x\":9}}" },
		{ "{\"o\":{\"x\":1}}", "{\"added\":{\"o\":{\"x\":1,\"y\":1}}}", "{}" },
		{ "{\"o\":\"text\"}", "{\"added\":{\"o\":{\"x\":1}}}", "{\"o\":\"text\"}" },
		{ "{\"o\":[1]}", "{\"within\":{\"o\":{\"added\":{\"x\":1}}}}", "{\"o\":[1]}" },
		{ "{\"a\":1}", "{\"added\":7,\"within\":[]}", "{\"a\":1}" },
		{ "{\"a\":1}", "[\"damaged\"]", "{\"a\":1}" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *doc = test_json(cases[i].file);
		AUTO_JSON *ours = test_json(cases[i].ours);

		daemon_unmerge(doc, ours);
		assert_json(doc, cases[i].after);
	}
}

static void test_sections_that_docker_takes(void **state)
{
	static const char *const good[] = {
		"{}",
		"{\"live-restore\":true,\"log-driver\":\"json-file\",\"log-opts\":{\"max-size\":\"16m\",\"max-file\":\"4\"}}",
		"{\"default-ulimits\":{\"nofile\":{\"Name\":\"nofile\",\"Hard\":65536,\"Soft\":32768}},\"max-concurrent-downloads\":10}",
		"{\"default-address-pools\":[{\"base\":\"10.1.0.0/16\",\"size\":24}],\"default-shm-size\":\"64M\",\"features\":{\"buildkit\":true}}",
		"{\"runtimes\":{\"nvidia\":{\"path\":\"nvidia-container-runtime\"}},\"shutdown-timeout\":-1,\"oom-score-adjust\":-500}",
		"{\"proxies\":{\"http-proxy\":\"http://p:1\"},\"registry-mirrors\":[\"https://m\"],\"default-shm-size\":67108864}",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO_JSON *section = test_json(good[i]);
		struct err e = { .text = "" };

		if (daemon_keys_check(section, true, &e) < 0)
			fail_msg("%s: %s", good[i], e.text);
	}
}

static void test_sections_that_docker_would_refuse(void **state)
{
	static const struct {
		const char *section, *says;
	} cases[] = {
		{ "[]", "docker: it must be an object" },
		{ "{\"hosts\":[\"tcp://0.0.0.0:2375\"]}", "docker.hosts: Docker would not start" },
		{ "{\"live-restore\":\"true\"}", "docker.live-restore: it must be true or false" },
		{ "{\"log-opts\":{\"max-file\":4}}", "docker.log-opts: it must be an object whose values are strings" },
		{ "{\"log-driver\":null}", "docker.log-driver: it must be a string" },
		{ "{\"mtu\":-1}", "docker.mtu: it must be a whole number from 0 up" },
		{ "{\"mtu\":1500.5}", "docker.mtu: it must be a whole number" },
		{ "{\"shutdown-timeout\":\"15\"}", "docker.shutdown-timeout: it must be a whole number" },
		{ "{\"dns\":\"10.0.0.2\"}", "docker.dns: it must be a list of strings" },
		{ "{\"dns\":[1]}", "docker.dns: it must be a list of strings" },
		{ "{\"default-address-pools\":{}}", "docker.default-address-pools: it must be a list" },
		{ "{\"runtimes\":[]}", "docker.runtimes: it must be an object" },
		{ "{\"features\":{\"buildkit\":1}}", "docker.features: " },
		{ "{\"default-shm-size\":true}", "docker.default-shm-size: " },
		{ "{\"default-ulimits\":{\"nofile\":65536}}", "docker.default-ulimits: write it as" },
		{ "{\"default-ulimits\":{\"nofile\":{\"Hard\":\"65536\"}}}", "docker.default-ulimits: write it as" },
		{ "{\"live_restore\":true}", "no key 'live_restore'; did you mean 'live-restore'?" },
		{ "{\"zzzzzzzzzz\":true}", "no key 'zzzzzzzzzz'" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *section = test_json(cases[i].section);
		struct err e = { .text = "" };

		if (daemon_keys_check(section, true, &e) != -EINVAL)
			fail_msg("%s was taken", cases[i].section);
		assert_says(e, cases[i].says);
	}
}

static void test_a_newer_docker_may_know_more_keys(void **state)
{
	AUTO_JSON *section = test_json("{\"some-day\":true}");
	struct err e;

	(void) state;
	assert_int_equal(daemon_keys_check(section, false, &e), 0);
}

static void test_cause(void **state)
{
	(void) state;
	assert_view(daemon_json_cause(view_of("time=x level=warning msg=\"y\"\nunable to configure the Docker daemon with file /dev/stdin: the cause\n\n")),
		    "the cause");
	assert_view(daemon_json_cause(view_of("one\r\ntwo\r\n")), "two");
	assert_view(daemon_json_cause(view_of("\n \n")), "no reason given");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_merge_and_back),
		TEST(test_what_somebody_changed_stays),
		TEST(test_sections_that_docker_takes),
		TEST(test_sections_that_docker_would_refuse),
		TEST(test_a_newer_docker_may_know_more_keys),
		TEST(test_cause),
	};

	return RUN("daemon-json", tests);
}
