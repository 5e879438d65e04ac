#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/file.h"
#include "netconf/ruleset.h"

/* Shell scripts stand in for the host's iptables; what they are given is kept in files beside them. */
static char       folder[64], old_path[4096];
static int        root = -1;
static struct err err;

static int set_up(void **state)
{
	(void) state;
	strcpy(folder, "/tmp/test-ruleset-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(old_path, sizeof old_path, "%s", getenv("PATH"));
	assert_int_equal(root_open(folder, &root, &err), 0);
	return setenv("PATH", folder, 1);
}

static int tear_down(void **state)
{
	char command[128];

	(void) state;
	assert_int_equal(setenv("PATH", old_path, 1), 0);
	fd_closep(&root);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static void tool(const char *name, const char *script)
{
	char path[64], text[1024];
	int n = snprintf(text, sizeof text, "#!/bin/sh\nPATH=/bin:/usr/bin\ncd '%s'\n%s\n", folder, script);

	snprintf(path, sizeof path, "/%s", name);
	assert_true(file_replace(root, path, text, (size_t) n, 0755, &err) >= 0);
}

static void holds(const char *path, const char *text)
{
	AUTO_BUF b = { .limit = 0 };

	assert_int_equal(file_read(root, path, 1 << 20, &b, &err), 0);
	assert_string_equal(b.p, text);
}

static struct ruleset wanted_set(void)
{
	struct netconf nc = { .bridge = NULL };
	struct ruleset r = { .family = FAMILY_IPV6 };

	rules_wanted(&nc, FAMILY_IPV6, WORDS_IPTABLES, &r.wanted);
	return r;
}

#define CHANGES "*filter\n:ECS-INPUT - [0:0]\n-A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP\n" \
		"-I INPUT -j ECS-INPUT\nCOMMIT\n"

static void test_no_tool(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	assert_int_equal(ruleset_read(&r, &err), RULESET_ABSENT);
}

static void test_read_fails(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	tool("ip6tables-save", "echo 'no way' >&2; echo two >&2; exit 4");
	assert_int_equal(ruleset_read(&r, &err), -EIO);
	assert_string_equal(err.text, "read IPv6 rules: run 'ip6tables-save': no way two");
	tool("ip6tables-save", "exit 3");
	assert_int_equal(ruleset_read(&r, &err), -EIO);
	assert_string_equal(err.text, "read IPv6 rules: run 'ip6tables-save': ended with status 3");
}

static void test_unreadable_table(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	tool("ip6tables-save", "echo \"# Table \\`filter' is incompatible, use 'nft' tool.\"");
	assert_int_equal(ruleset_read(&r, &err), -ENOTSUP);
	assert_string_equal(err.text,
			    "read IPv6 rules: table 'filter' holds rules made with nft that iptables cannot read");
}

static void test_endless_output(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	tool("ip6tables-save", "head -c 20000000 /dev/zero | tr '\\0' '\\n'");
	assert_int_equal(ruleset_read(&r, &err), -EMSGSIZE);
}

static void test_change(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	tool("ip6tables-save", "");
	tool("ip6tables-restore", "echo \"$@\" >arguments; cat >input");
	assert_int_equal(ruleset_read(&r, &err), 0);
	assert_int_equal(ruleset_change(&r, &err), 1); /* table */
	holds("/arguments", "--noflush -w 10\n");
	holds("/input", CHANGES);
}

static void test_nothing_to_change(void **state)
{
	AUTO_RULESET r = { .family = FAMILY_IPV6 };

	(void) state;
	tool("ip6tables-save", "");
	tool("ip6tables-restore", "echo called >called");
	assert_int_equal(ruleset_read(&r, &err), 0);
	assert_int_equal(ruleset_change(&r, &err), 0);
	assert_false(file_exists(root, "/called"));
}

/* A jump that we saw was deleted by somebody before we could: the first restore fails as a whole. */
static void test_second_look_after_a_refusal(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	tool("ip6tables-save", "[ -e refused ] || { echo '*filter'; echo '-A FORWARD -j ECS-INPUT'; }");
	tool("ip6tables-restore", "[ -e refused ] || { cat >first; touch refused; echo 'line 3 failed' >&2; exit 1; }\n"
				  "cat >second");
	assert_int_equal(ruleset_read(&r, &err), 0);
	assert_int_equal(ruleset_change(&r, &err), RULESET_TRIED);
	holds("/first", "*filter\n:ECS-INPUT - [0:0]\n-D FORWARD -j ECS-INPUT\n"
			"-A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP\n-I INPUT -j ECS-INPUT\nCOMMIT\n");
	holds("/second", CHANGES);
}

static void test_refused_for_good(void **state)
{
	AUTO_RULESET r = wanted_set();

	(void) state;
	tool("ip6tables-save", "");
	tool("ip6tables-restore", "echo x >>tries; echo 'line 3 failed' >&2; exit 1");
	assert_int_equal(ruleset_read(&r, &err), 0);
	assert_int_equal(ruleset_change(&r, &err), -EIO);
	assert_string_equal(err.text, "change IPv6 rules: run 'ip6tables-restore': line 3 failed");
	holds("/tries", "x\nx\nx\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_tool, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unreadable_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_endless_output, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing_to_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_second_look_after_a_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_for_good, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
