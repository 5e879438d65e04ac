#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netconf/reconcile.h"

#define ACCEPT_RULE  "-A ECS-INPUT -i docker0 -p tcp -m tcp --dport 51678 -j ACCEPT\n"
#define OFFHOST_RULE "-A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP\n"
#define JUMP         "-A INPUT -j ECS-INPUT\n"
#define FILTER(x)    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:ECS-INPUT - [0:0]\n" x "COMMIT\n"
#define RIGHT        FILTER(JUMP ACCEPT_RULE OFFHOST_RULE)

static struct wanted wanted_ipv6(void)
{
	struct netconf nc = { .bridge = "docker0" };
	struct wanted w;

	rules_wanted(&nc, FAMILY_IPV6, WORDS_IPTABLES, &w);
	return w;
}

static struct chain_state input_of(const char *saved)
{
	struct wanted w = wanted_ipv6();
	struct state s;

	reconcile(&w, view_of(saved), &s);
	return s.chain[OWN_INPUT];
}

static void report_is(const char *saved, const char *text)
{
	struct wanted w = wanted_ipv6();
	AUTO_BUF out = { .limit = 0 };
	struct state s;

	reconcile(&w, view_of(saved), &s);
	assert_int_equal(state_report(&w, &s, view_of(saved), FAMILY_IPV6, &out), 0);
	assert_string_equal(out.p ? out.p : "", text);
	assert_int_equal(state_right(&s), out.len == 0);
}

static void test_all_there(void **state)
{
	struct chain_state c = input_of(RIGHT);

	(void) state;
	assert_true(c.wanted && c.present && c.same);
	assert_int_equal(c.jumps, 1);
	assert_int_equal(c.strays, 0);
	report_is(RIGHT, "");
}

static void test_nothing_there(void **state)
{
	(void) state;
	report_is("", "IPv6: missing: chain -t filter ECS-INPUT\n"
		      "IPv6: missing: -t filter " ACCEPT_RULE "IPv6: missing: -t filter " OFFHOST_RULE
		      "IPv6: missing: -t filter " JUMP);
}

static void test_one_rule_missing(void **state)
{
	(void) state;
	report_is(FILTER(JUMP OFFHOST_RULE), "IPv6: missing: -t filter " ACCEPT_RULE);
}

static void test_one_rule_too_many(void **state)
{
	(void) state;
	report_is(FILTER(JUMP "-A ECS-INPUT -j RETURN\n" ACCEPT_RULE OFFHOST_RULE),
		  "IPv6: surplus: -t filter -A ECS-INPUT -j RETURN\n");
}

static void test_order_and_doubles(void **state)
{
	static const char said[] = "IPv6: wrong order or doubled: rules of -t filter ECS-INPUT\n";

	(void) state;
	report_is(FILTER(JUMP OFFHOST_RULE ACCEPT_RULE), said);
	report_is(FILTER(JUMP ACCEPT_RULE OFFHOST_RULE OFFHOST_RULE), said);
}

static void test_jumps(void **state)
{
	(void) state;
	report_is(FILTER(ACCEPT_RULE OFFHOST_RULE), "IPv6: missing: -t filter -A INPUT -j ECS-INPUT\n");
	report_is(FILTER(JUMP JUMP JUMP ACCEPT_RULE OFFHOST_RULE),
		  "IPv6: surplus (2): -t filter -A INPUT -j ECS-INPUT\n");
}

static void test_strays(void **state)
{
	static const char said[] = "IPv6: surplus (1): other jumps into -t filter ECS-INPUT\n";

	(void) state;
	report_is(FILTER(JUMP "-A FORWARD -j ECS-INPUT\n" ACCEPT_RULE OFFHOST_RULE), said);
	report_is(FILTER(JUMP "-A INPUT -g ECS-INPUT\n" ACCEPT_RULE OFFHOST_RULE), said);
	report_is(FILTER(JUMP "-A INPUT -i eth0 -j ECS-INPUT\n" ACCEPT_RULE OFFHOST_RULE), said);
}

static void test_other_tables_do_not_count(void **state)
{
	(void) state;
	report_is(RIGHT "*nat\n:ECS-INPUT - [0:0]\n-A INPUT -j ECS-INPUT\nCOMMIT\n", "");
	report_is(RIGHT "# Table `mangle' is incompatible, use 'nft' tool.\n", "");
}

static void test_chain_that_is_not_wanted(void **state)
{
	(void) state;
	report_is(RIGHT "*nat\n:ECS-OUTPUT - [0:0]\n-A OUTPUT -j ECS-OUTPUT\n-A ECS-OUTPUT -j RETURN\nCOMMIT\n",
		  "IPv6: surplus: chain -t nat ECS-OUTPUT\n");
}

static void test_unreadable_table_of_ours(void **state)
{
	static const char saved[] = "# Table `nat' is incompatible, use 'nft' tool.\n";
	struct wanted w = wanted_ipv6();
	struct state s;

	(void) state;
	reconcile(&w, view_of(saved), &s);
	assert_true(view_is(s.unreadable, "nat"));
	reconcile(&w, view_of("# Table `mangle' is incompatible, use 'nft' tool.\n"), &s);
	assert_int_equal(s.unreadable.len, 0);
}

static void test_nothing_wanted(void **state)
{
	struct wanted none = { 0 };
	struct state s;

	(void) state;
	reconcile(&none, view_of(""), &s);
	assert_true(state_right(&s));
	reconcile(&none, view_of(RIGHT), &s);
	assert_false(state_right(&s));
	reconcile(&none, view_of("*filter\n:ECS-INPUT - [0:0]\nCOMMIT\n"), &s);
	assert_false(state_right(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_there),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_one_rule_missing),
		cmocka_unit_test(test_one_rule_too_many),
		cmocka_unit_test(test_order_and_doubles),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_strays),
		cmocka_unit_test(test_other_tables_do_not_count),
		cmocka_unit_test(test_chain_that_is_not_wanted),
		cmocka_unit_test(test_unreadable_table_of_ours),
		cmocka_unit_test(test_nothing_wanted),
	};

	return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
