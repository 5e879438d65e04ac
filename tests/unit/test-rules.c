#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "netconf/rules.h"

enum { FACTS = 1 << 5 };

/* The facts as the bits of one number, so that a loop goes through all of them. */
static struct netconf facts(unsigned bits)
{
	return (struct netconf) { .bridge = bits & 1 ? "docker0" : NULL,
				  .skip_localhost_filter = bits & 2,
				  .allow_offhost_introspection = bits & 4,
				  .no_task_roles = bits & 8,
				  .block_instance_metadata = bits & 16 };
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
static const char accept_tasks[] = "-d 127.0.0.1/32 -p tcp -m tcp --dport 51679 -m conntrack --ctstate DNAT -j ACCEPT";

static void test_input_follows_the_facts(void **state)
{
	(void) state;
	for (unsigned bits = 0; bits < FACTS; bits++) {
		struct netconf nc = facts(bits);
		bool closed = !nc.allow_offhost_introspection;

		for (enum family f = 0; f < FAMILIES; f++) {
			struct wanted w;
			const struct wanted_chain *c = &w.chain[OWN_INPUT];

			rules_wanted(&nc, f, WORDS_IPTABLES, &w);
			assert_int_equal(has(c, accept_bridge), closed && nc.bridge);
			assert_int_equal(has(c, drop_offhost), closed);
			assert_int_equal(has(c, drop_spoofed), f == FAMILY_IPV4 && !nc.skip_localhost_filter);
			assert_int_equal(has(c, accept_tasks), f == FAMILY_IPV4 && !nc.no_task_roles);
			assert_int_equal(c->n, has(c, accept_bridge) + has(c, drop_offhost) + has(c, drop_spoofed) + has(c, accept_tasks));
		}
	}
}

static void test_bridge_is_accepted_before_all_is_dropped(void **state)
{
	struct netconf nc = facts(1);
	struct wanted w;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 4);
	assert_string_equal(w.chain[OWN_INPUT].rule[0], accept_bridge);
	assert_string_equal(w.chain[OWN_INPUT].rule[1], drop_offhost);
	assert_string_equal(w.chain[OWN_INPUT].rule[2], drop_spoofed);
	assert_string_equal(w.chain[OWN_INPUT].rule[3], accept_tasks);
}

static void test_credentials_are_redirected_for_task_roles(void **state)
{
	(void) state;
	for (unsigned bits = 0; bits < FACTS; bits++) {
		struct netconf nc = facts(bits);
		size_t want = nc.no_task_roles ? 0 : 1;
		struct wanted w;

		rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
		assert_int_equal(w.chain[OWN_PREROUTING].n, want);
		assert_int_equal(w.chain[OWN_OUTPUT].n, want);
		assert_true(!want || has(&w.chain[OWN_PREROUTING], "-d 169.254.170.2/32 -p tcp -m tcp --dport 80 "
								   "-j DNAT --to-destination 127.0.0.1:51679"));
		assert_true(!want || has(&w.chain[OWN_OUTPUT], "-d 169.254.170.2/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 51679"));
		rules_wanted(&nc, FAMILY_IPV6, WORDS_IPTABLES, &w);
		assert_int_equal(w.chain[OWN_PREROUTING].n + w.chain[OWN_OUTPUT].n, 0);
	}
}

static void test_metadata_is_blocked_when_asked_for(void **state)
{
	static const char *const rule[FAMILIES][2] = {
		{ "-d 169.254.169.254/32 -j DROP", "ip daddr 169.254.169.254 drop" },
		{ "-d fd00:ec2::254/128 -j DROP", "ip6 daddr fd00:ec2::254 drop" },
	};

	(void) state;
	for (unsigned bits = 0; bits < FACTS; bits++) {
		struct netconf nc = facts(bits);

		for (enum family f = 0; f < FAMILIES; f++) {
			for (enum words words = WORDS_IPTABLES; words <= WORDS_NFT; words++) {
				struct wanted w;

				rules_wanted(&nc, f, words, &w);
				assert_int_equal(w.chain[OWN_FORWARD].n, nc.block_instance_metadata);
				assert_int_equal(has(&w.chain[OWN_FORWARD], rule[f][words]), nc.block_instance_metadata);
			}
		}
	}
}

static void test_words_of_nft(void **state)
{
	struct netconf nc = facts(1);
	struct wanted w;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_NFT, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 5);
	assert_string_equal(w.chain[OWN_INPUT].rule[0], "iifname \"docker0\" tcp dport 51678 accept");
	assert_string_equal(w.chain[OWN_INPUT].rule[1], "iifname != \"lo\" tcp dport 51678 drop");
	assert_string_equal(w.chain[OWN_INPUT].rule[4], "ip saddr != 127.0.0.0/8 ip daddr 127.0.0.0/8 drop");
	rules_wanted(&nc, FAMILY_IPV4, WORDS_FOREIGN, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 2);
	assert_true(has(&w.chain[OWN_INPUT], "ip daddr 127.0.0.1 tcp dport 51679 accept"));
	rules_wanted(&nc, FAMILY_IPV6, WORDS_FOREIGN, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 1);
	assert_true(has(&w.chain[OWN_INPUT], "iifname \"docker0\" tcp dport 51678 accept"));
}

static void test_nothing_to_filter_means_no_input_chain(void **state)
{
	struct netconf nc = facts(1 | 2 | 4 | 8);
	struct wanted w;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	assert_int_equal(w.chain[OWN_INPUT].n, 0);
}

static void test_longest_bridge_name_fits(void **state)
{
	struct netconf nc = { .bridge = "br-123456789012" };
	struct wanted w;

	(void) state;
	assert_true(bridge_name_ok(nc.bridge));
	rules_wanted(&nc, FAMILY_IPV6, WORDS_IPTABLES, &w);
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
		cmocka_unit_test(test_credentials_are_redirected_for_task_roles),
		cmocka_unit_test(test_metadata_is_blocked_when_asked_for),
		cmocka_unit_test(test_words_of_nft),
		cmocka_unit_test(test_nothing_to_filter_means_no_input_chain),
		cmocka_unit_test(test_longest_bridge_name_fits),
		cmocka_unit_test(test_bridge_names),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
