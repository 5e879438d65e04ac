#include "netconf/denying.h"
#include "netconf/nft-text.h"
#include "tests/unit/test.h"

/* As nft 1.0.6 prints it. */
#define INPUT "\tchain ECS-INPUT {\n\t\ttype filter hook input priority -5; policy accept;\n" \
	      "\t\tiifname \"docker0\" tcp dport 51678 accept\n\t\tiifname != \"lo\" tcp dport 51678 drop\n\t}\n"
#define FORWARD "\n\tchain ECS-FORWARD {\n\t\ttype filter hook forward priority -155; policy accept;\n\t\tip6 daddr fd00:ec2::254 drop\n\t}\n"
#define RIGHT "table ip6 ecs-bootstrap {\n" INPUT FORWARD "}\n"

static struct wanted wanted_ipv6(void)
{
	struct netconf nc = { .bridge = "docker0", .block_instance_metadata = true };
	struct wanted w;

	rules_wanted(&nc, FAMILY_IPV6, WORDS_NFT, &w);
	return w;
}

static void assert_report(const char *listing, const char *text)
{
	struct wanted w = wanted_ipv6();
	AUTO_BUF out = { .limit = 0 };

	assert_int_equal(nft_report(&w, view_of(listing), FAMILY_IPV6, &out), 0);
	assert_string_equal(out.p ? out.p : "", text);
	assert_int_equal(nft_listing_right(&w, view_of(listing)), out.len == 0);
}

static void test_what_is_rendered_is_right(void **state)
{
	struct wanted w = wanted_ipv6(), none = { 0 };
	AUTO_BUF out = { .limit = 0 };

	(void) state;
	assert_int_equal(nft_render_table(&w, FAMILY_IPV6, &out), 0);
	assert_report(out.p, "");
	assert_report(RIGHT, "");
	buf_clear(&out);
	assert_int_equal(nft_render_replace(&none, FAMILY_IPV4, &out), 0);
	assert_string_equal(out.p, "table ip ecs-bootstrap\ndelete table ip ecs-bootstrap\n");
	assert_false(wanted_any(&none));
	assert_true(nft_listing_right(&none, view_of("")));
	assert_false(nft_listing_right(&none, view_of(RIGHT)));
}

static void test_report(void **state)
{
	(void) state;
	assert_report("table ip6 ecs-bootstrap {\n" INPUT "}\n",
		      "IPv6: missing: ip6 ecs-bootstrap ECS-FORWARD: type filter hook forward priority -155; policy accept;\n"
		      "IPv6: missing: ip6 ecs-bootstrap ECS-FORWARD: ip6 daddr fd00:ec2::254 drop\n");
	assert_report("table ip6 ecs-bootstrap {\n\tflags dormant\n" INPUT FORWARD "}\n",
		      "IPv6: surplus: ip6 ecs-bootstrap : flags dormant\n");
	assert_report("table ip6 ecs-bootstrap {\n" INPUT FORWARD "\tchain x {\n\t\tdrop\n\t}\n}\n",
		      "IPv6: surplus: ip6 ecs-bootstrap x: drop\n");
	assert_report("table ip6 ecs-bootstrap {\n" FORWARD INPUT "}\n",
		      "IPv6: wrong order or doubled: rules of table ip6 ecs-bootstrap\n");
}

static void test_denying_at_end(void **state)
{
	static const char *const yes[] = { "drop", "reject with icmpx admin-prohibited", "counter drop", "log prefix \"x\" drop", "counter drop # handle 7" };
	static const char *const no[] = { "accept", "tcp dport 9 drop", "counter accept", "log prefix \"drop\" accept", "ct state invalid drop", "jump x" };
	char text[128];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		snprintf(text, sizeof text, "table inet f {\n\tchain i {\n\t\tiif lo accept\n\t\t%s\n\t}\n}\n", yes[i]);
		assert_true(denying_at_end(view_of(text)));
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		snprintf(text, sizeof text, "table inet f {\n\tchain i {\n\t\tdrop\n\t\t%s\n\t}\n}\n", no[i]);
		assert_false(denying_at_end(view_of(text)));
	}
	assert_false(denying_at_end(view_of("")));
}

static void assert_commands(const char *rules, const char *commands)
{
	struct wanted_chain w = { .n = 2, .rule = { "tcp dport 1 accept", "tcp dport 2 accept" } };
	AUTO_BUF out = { .limit = 0 };
	char listing[512];

	snprintf(listing, sizeof listing, "table inet f {\n\tchain i { # handle 1\n%s\t}\n}\n", rules);
	assert_int_equal(denying_render("inet", "f", "i", &w, view_of(listing), &out), 0);
	assert_string_equal(out.p ? out.p : "", commands);
}

#define OURS(rule, handle) "\t\t" rule " comment \"ecs-bootstrap\" # handle " handle "\n"
#define ADD(rule) "insert rule inet f i " rule " comment \"ecs-bootstrap\"\n"

static void test_accepts_in_chains_of_others(void **state)
{
	(void) state;
	assert_commands("", ADD("tcp dport 1 accept") ADD("tcp dport 2 accept"));
	assert_commands(OURS("tcp dport 2 accept", "7") "\t\tdrop # handle 3\n", ADD("tcp dport 1 accept"));
	assert_commands(OURS("tcp dport 2 accept", "7") OURS("tcp dport 1 accept", "8"), "");
	assert_commands(OURS("tcp dport 2 accept", "7") OURS("tcp dport 1 accept", "8") OURS("tcp dport 3 accept", "9"),
			"delete rule inet f i handle 9\n");
	/* without our comment it is somebody else's, and what is no handle goes into no command */
	assert_commands("\t\ttcp dport 1 accept # handle 4\n" OURS("tcp dport 9 accept", "7; flush ruleset"),
			ADD("tcp dport 1 accept") ADD("tcp dport 2 accept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_what_is_rendered_is_right), TEST(test_report), TEST(test_denying_at_end),
					    TEST(test_accepts_in_chains_of_others) };

	return RUN("nft-text", tests);
}
