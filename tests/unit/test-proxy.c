#include <errno.h>

#include "bootstrap/proxy.h"
#include "tests/unit/test.h"

#define ALWAYS "169.254.169.254,fd00:ec2::254,169.254.170.2,/var/run/docker.sock,localhost"

static void test_urls(void **state)
{
	static const char *const good[] = {
		"http://10.0.0.131:3128", "HTTP://proxy.example.com", "https://proxy:443/", "socks5://h_1-x.y:1080", "http://[fd00::1]:3128",
		"http://[fd00::1]", "http://user:p%40ss%25@proxy:65535", "http://user:a@b@proxy:1",
	};
	static const struct {
		const char *url, *fault;
	} bad[] = {
		{ "", "no scheme" },
		{ "10.0.0.131:3128", "no scheme" },
		{ "proxy", "no scheme" },
		{ "http:proxy:3128", "no scheme" },
		{ "ftp://proxy", "not http" },
		{ "x-http://proxy", "not http" },
		{ "http://", "no host" },
		{ "http://:3128", "no host" },
		{ "http://user@:3128", "no host" },
		{ "http://[]:1", "no host" },
		{ "http://[fd00::g]:1", "no host" },
		{ "http://fd00::1:3128", "port" },
		{ "http://[fd00::1", "no host" },
		{ "http://[fd00::1]x:1", "no host" },
		{ "http://proxy:", "port" },
		{ "http://proxy:0", "port" },
		{ "http://proxy:65536", "port" },
		{ "http://proxy:31x", "port" },
		{ "http://proxy:3128/path", "path" },
		{ "http://proxy?x", "no host" },
		{ "http://pro xy", "blank" },
		{ "http://proxy\n", "blank" },
		{ "http://u:\"@proxy", "blank" },
		{ "http://pr\xc3\xb6xy", "blank" },
		{ "http://u:50%@proxy", "hex" },
		{ "http://u:%4@proxy", "hex" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (proxy_url_fault(good[i]))
			fail_msg("%s: %s", good[i], proxy_url_fault(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *fault = proxy_url_fault(bad[i].url);

		if (!fault || !strstr(fault, bad[i].fault))
			fail_msg("'%s': %s; wanted '%s'", bad[i].url, fault ? fault : "no fault", bad[i].fault);
	}
}

static void check_derived(const char *section, const char *agent, int outcome, const char *after)
{
	AUTO_JSON *value = section ? test_json(section) : NULL;
	AUTO_JSON *got = test_json(agent);
	AUTO_JSON *wanted = test_json(after);
	struct apply a = { .root = -1 };
	struct err e;

	assert_int_equal(proxy_derive(&a, value, got, &e), outcome);
	if (!json_object_equal(got, wanted))
		fail_msg("%s: %s", section, json_object_to_json_string(got));
}

static void test_variables_of_the_agent(void **state)
{
	(void) state;
	check_derived(NULL, "{\"A\":1}", APPLY_SAME, "{\"A\":1}");
	check_derived("{}", "{}", APPLY_SAME, "{}");
	check_derived("{\"http\":\"http://p:1\"}", "{\"A\":1}", 0, "{\"A\":1,\"HTTP_PROXY\":\"http://p:1\",\"NO_PROXY\":\"" ALWAYS "\"}");
	check_derived("{\"https\":\"http://p:1\",\"noProxy\":[\".internal\",\"10.0.0.0/8\"]}", "{}", 0,
		      "{\"HTTPS_PROXY\":\"http://p:1\",\"NO_PROXY\":\"" ALWAYS ",.internal,10.0.0.0/8\"}");
}

static void test_what_is_always_direct_is_listed_once(void **state)
{
	(void) state;
	check_derived("{\"http\":\"http://p:1\",\"noProxy\":[\"LocalHost\",\"169.254.169.254\",\"a\",\"a\",\"169.254.169.25\"]}", "{}", 0,
		      "{\"HTTP_PROXY\":\"http://p:1\",\"NO_PROXY\":\"" ALWAYS ",a,169.254.169.25\"}");
}

static void test_what_the_user_says_of_the_agent_wins(void **state)
{
	(void) state;
	check_derived("{\"http\":\"http://p:1\"}", "{\"HTTP_PROXY\":\"mine:2\"}", 0, "{\"HTTP_PROXY\":\"mine:2\",\"NO_PROXY\":\"" ALWAYS "\"}");
	check_derived("{\"http\":\"http://p:1\"}", "{\"HTTP_PROXY\":\"\",\"NO_PROXY\":\"x\"}", APPLY_SAME, "{\"HTTP_PROXY\":\"\",\"NO_PROXY\":\"x\"}");
}

static void test_refusals_leave_the_agent_as_it_was_and_tell_no_password(void **state)
{
	static const struct {
		const char *section, *says;
	} cases[] = {
		{ "[]", "proxy: it must be an object" },
		{ "{\"http\":7}", "proxy.http: it must be a string" },
		{ "{\"http\":\"http://p:1\",\"https\":\"user:secret@p\"}", "proxy.https: it has no scheme" },
		{ "{\"http\":\"http://user:secret@p:x\"}", "proxy.http: its port" },
		{ "{\"http\":\"http://p:1\",\"noProxy\":\"a,b\"}", "proxy.noProxy: it must be a list" },
		{ "{\"http\":\"http://p:1\",\"noProxy\":[\"a\",\"b,c\"]}", "proxy.noProxy[1]: " },
		{ "{\"http\":\"http://p:1\",\"noProxy\":[\"\"]}", "proxy.noProxy[0]: " },
		{ "{\"http\":\"http://p:1\",\"noProxy\":[null]}", "proxy.noProxy[0]: " },
		{ "{\"noProxy\":[\"a\"]}", "neither 'http' nor 'https'" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *value = test_json(cases[i].section);
		AUTO_JSON *agent = test_json("{}");
		struct apply a = { .root = -1 };
		struct err e;

		assert_int_equal(proxy_derive(&a, value, agent, &e), -EINVAL);
		assert_says(e, cases[i].says);
		assert_null(strstr(e.text, "secret"));
		assert_int_equal(json_object_object_length(agent), 0);
		assert_int_equal(proxy_check(value, &e), -EINVAL);
		assert_int_equal(proxy_apply(&a, value, &e), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_urls),
		TEST(test_variables_of_the_agent),
		TEST(test_what_is_always_direct_is_listed_once),
		TEST(test_what_the_user_says_of_the_agent_wins),
		TEST(test_refusals_leave_the_agent_as_it_was_and_tell_no_password),
	};

	return RUN("proxy", tests);
}
