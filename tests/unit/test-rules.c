#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "netconf/rules.h"

/* The facts as the bits of one number, so that a loop goes through all of them. */
static struct netconf facts(unsigned bits)
{
	return (struct netconf) { .bridge = bits & 1 ? "docker0" : NULL,
				  .skip_localhost_filter = bits & 2,
				  .allow_offhost_introspection = bits & 4 };
}

static bool has(const struct wanted_chain *c, const char *rule)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->rule[i], rule) == 0)
			return true;
	return false;
}

static const char accept_bridge[] = "-i docker0 -p tcp -m tcp --dport 51678 -j ACCEPT";
static const char drop_offhost[] = "! -i lo -p tcp -m tcp --dport 51678 -j DROP";
static const char drop_spoofed[] =
	"! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP";

static void test_input_follows_the_facts(void **state)
{
	(void) state;
	for (unsigned bits = 0; bits < 8; bits++) {
		struct netconf nc = facts(bits);
		bool closed = !nc.allow_offhost_introspection;

		for (enum family f = 0; f < FAMILIES; f++) {
			struct wanted w;
			const struct wanted_chain *c = &w.chain[OWN_INPUT];

			rules_wanted(&nc, f, &w);
			assert_int_equal(has(c, accept_bridge), closed && nc.bridge);
			assert_int_equal(has(c, drop_offhost), closed);
			assert_int_equal(has(c, drop_spoofed), f == FAMILY_IPV4 && !nc.skip_localhost_filter);
			assert_int_equal(c->n, has(c, accept_bridge) + has(c, drop_offhost) + has(c, drop_spoofed));
		}
	}
}

static void test_bridge_is_accepted_before_all_is_dropped(void **state)
{
	struct netconf nc = facts(1);
	struct wanted w;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 3);
	assert_string_equal(w.chain[OWN_INPUT].rule[0], accept_bridge);
	assert_string_equal(w.chain[OWN_INPUT].rule[1], drop_offhost);
	assert_string_equal(w.chain[OWN_INPUT].rule[2], drop_spoofed);
}

static void test_credentials_are_redirected_whatever_the_facts(void **state)
{
	(void) state;
	for (unsigned bits = 0; bits < 8; bits++) {
		struct netconf nc = facts(bits);
		struct wanted w;

		rules_wanted(&nc, FAMILY_IPV4, &w);
		assert_int_equal(w.chain[OWN_PREROUTING].n, 1);
		assert_string_equal(w.chain[OWN_PREROUTING].rule[0],
				    "-d 169.254.170.2/32 -p tcp -m tcp --dport 80 "
				    "-j DNAT --to-destination 127.0.0.1:51679");
		assert_int_equal(w.chain[OWN_OUTPUT].n, 1);
		assert_string_equal(w.chain[OWN_OUTPUT].rule[0],
				    "-d 169.254.170.2/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 51679");
		rules_wanted(&nc, FAMILY_IPV6, &w);
		assert_int_equal(w.chain[OWN_PREROUTING].n + w.chain[OWN_OUTPUT].n, 0);
	}
}

static void test_nothing_to_filter_means_no_input_chain(void **state)
{
	struct netconf nc = facts(1 | 2 | 4);
	struct wanted w;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 0);
}

static void test_longest_bridge_name_fits(void **state)
{
	struct netconf nc = { .bridge = "br-123456789012" };
	struct wanted w;

	(void) state;
	assert_true(bridge_name_ok(nc.bridge));
	rules_wanted(&nc, FAMILY_IPV6, &w);
	assert_string_equal(w.chain[OWN_INPUT].rule[0], "-i br-123456789012 -p tcp -m tcp --dport 51678 -j ACCEPT");
}

static void test_bridge_names(void **state)
{
	static const char *const good[] = { "docker0", "br-0a1b2c", "a", "eth0.100", "br0:1", "x_y@z",
					    "br-123456789012" };
	static const char *const bad[] = { "",	 "br-1234567890123", "a/b", "a b", "a+", "+",  "-i", ".",
					   "..", "a\nb",	     "a\"b", "a*b", "\xc3\xa9", "!a" };

	(void) state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(bridge_name_ok(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(bridge_name_ok(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_follows_the_facts),
		cmocka_unit_test(test_bridge_is_accepted_before_all_is_dropped),
		cmocka_unit_test(test_credentials_are_redirected_whatever_the_facts),
		cmocka_unit_test(test_nothing_to_filter_means_no_input_chain),
		cmocka_unit_test(test_longest_bridge_name_fits),
		cmocka_unit_test(test_bridge_names),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
