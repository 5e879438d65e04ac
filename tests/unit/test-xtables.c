#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netconf/xtables.h"

static struct err err;

static const struct packages packages = { .iptables = "the tools", .extensions = "the extensions", .kmod = "kmod",
					  .modules = "the modules" };

/* libxtables looks for its extensions in a folder that the build of the host's iptables decided. */
static bool extensions_installed(void)
{
	static const char *const places[] = { "/usr/lib/x86_64-linux-gnu/xtables/libxt_tcp.so",
					      "/usr/lib/aarch64-linux-gnu/xtables/libxt_tcp.so",
					      "/usr/lib64/xtables/libxt_tcp.so", "/usr/lib/xtables/libxt_tcp.so" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (access(places[i], R_OK) == 0)
			return true;
	return false;
}

static void skip_because(const char *reason)
{
	print_message("# skipped: %s\n", reason);
	skip();
}

static struct wanted one_rule(const char *rule)
{
	struct wanted w = { 0 };

	w.chain[OWN_INPUT].n = 1;
	snprintf(w.chain[OWN_INPUT].rule[0], RULE_TEXT_MAX, "%s", rule);
	return w;
}

static int check_rule(enum family family, const char *rule)
{
	struct wanted w = one_rule(rule);
	const struct wanted *ask[FAMILIES] = { NULL };

	ask[family] = &w;
	return xtables_check(ask, &packages, &err);
}

static void test_nothing_to_ask(void **state)
{
	const struct wanted *ask[FAMILIES] = { NULL };

	(void) state;
	assert_int_equal(xtables_check(ask, &packages, &err), 0);
	assert_int_equal(check_rule(FAMILY_IPV4, "-i docker0 -j ACCEPT"), 0);
}

static void test_our_rules_can_be_made(void **state)
{
	struct netconf nc = { .bridge = "docker0" };
	struct wanted w[FAMILIES];
	const struct wanted *ask[FAMILIES] = { &w[FAMILY_IPV4], &w[FAMILY_IPV6] };

	(void) state;
	if (!extensions_installed())
		skip_because("no extensions of iptables on this machine");
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w[FAMILY_IPV4]);
	rules_wanted(&nc, FAMILY_IPV6, WORDS_IPTABLES, &w[FAMILY_IPV6]);
	assert_int_equal(xtables_check(ask, &packages, &err), 0);
}

static void test_extension_that_nobody_has(void **state)
{
	(void) state;
	assert_int_equal(check_rule(FAMILY_IPV4, "-m nosuchmatch --x -j DROP"), -ENOENT);
	assert_string_equal(err.text,
			    "match 'nosuchmatch': extension 'libxt_nosuchmatch.so' not installed (package the extensions)");
	assert_int_equal(check_rule(FAMILY_IPV6, "-j NOSUCH --y"), -ENOENT);
	assert_string_equal(err.text, "target 'NOSUCH': extension 'libxt_NOSUCH.so' not installed (package the extensions)");
}

static void test_name_longer_than_any(void **state)
{
	(void) state;
	assert_int_equal(check_rule(FAMILY_IPV4, "-m a12345678901234567890123456789012345678901234567890"), -ENOENT);
	assert_non_null(strstr(err.text, "match 'a1234567890"));
}

static void test_no_extensions_at_all(void **state)
{
	(void) state;
	assert_int_equal(setenv("XTABLES_LIBDIR", "/nonexistent", 1), 0);
	assert_int_equal(check_rule(FAMILY_IPV4, "-p tcp -m tcp --dport 1 -j DROP"), -ENOENT);
	assert_string_equal(err.text, "match 'tcp': extension 'libxt_tcp.so' not installed (package the extensions)");
	assert_int_equal(unsetenv("XTABLES_LIBDIR"), 0);
}

static void test_broken_extension(void **state)
{
	char folder[] = "/tmp/test-xtables-XXXXXX", file[64];
	int fd;

	(void) state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/libxt_tcp.so", folder);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "junk", 4), 4);
	close(fd);
	assert_int_equal(setenv("XTABLES_LIBDIR", folder, 1), 0);
	assert_int_equal(check_rule(FAMILY_IPV4, "-p tcp -m tcp --dport 1 -j DROP"), -ENOENT);
	assert_non_null(strstr(err.text, "match 'tcp': extension cannot be loaded: "));
	assert_non_null(strstr(err.text, file));
	assert_int_equal(unsetenv("XTABLES_LIBDIR"), 0);
	unlink(file);
	rmdir(folder);
}

/* Which part a kernel lacks differs; of these few has any machine all. */
static void test_kernel_without_the_module(void **state)
{
	static const struct {
		const char *rule, *text;
	} rare[] = {
		{ "-j LED --led-trigger-id x", "target 'LED': kernel module 'ipt_LED' not available (package the modules)" },
		{ "-m ipvs --ipvs", "match 'ipvs': kernel module 'ipt_ipvs' not available (package the modules)" },
	};

	(void) state;
	if (!extensions_installed() || geteuid() != 0)
		skip_because("only root, and with the extensions of iptables, may ask the kernel");
	for (size_t i = 0; i < sizeof rare / sizeof *rare; i++) {
		if (check_rule(FAMILY_IPV4, rare[i].rule) == 0)
			continue;
		assert_string_equal(err.text, rare[i].text);
		return;
	}
	skip_because("this kernel has them all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_ask),
		cmocka_unit_test(test_our_rules_can_be_made),
		cmocka_unit_test(test_extension_that_nobody_has),
		cmocka_unit_test(test_name_longer_than_any),
		cmocka_unit_test(test_no_extensions_at_all),
		cmocka_unit_test(test_broken_extension),
		cmocka_unit_test(test_kernel_without_the_module),
	};

	return cmocka_run_group_tests_name("xtables", tests, NULL, NULL);
}
