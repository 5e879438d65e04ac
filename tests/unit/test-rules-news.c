#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "common/file.h"
#include "init/rules-news.h"
#include "tests/unit/test.h"

/* What Linux 6.18 told while the command ran; the corpus of the fuzz target. In a row, as a socket would give it. */
static struct rules_news recorded(const char *name)
{
	struct rules_news n = { .pid = 0 };
	AUTO_BUF bytes = { .limit = 0 };
	char path[128];
	struct err e;

	snprintf(path, sizeof path, "tests/fuzz/corpus/nfnetlink/%s", name);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &bytes, &e), 0);
	rules_news_read(buf_view(&bytes), &n);
	return n;
}

static void test_recorded(void **state)
{
	static const struct {
		const char *name, *by;
		bool        concerns;
	} cases[] = {
		{ "setup", "iptables", true },            /* iptables -N, -A, -I */
		{ "flush-filter", "iptables", true },     /* iptables -F */
		{ "flush-nat", "iptables", true },        /* iptables -t nat -F */
		{ "delete-rule", "iptables", true },      /* iptables -D INPUT -j ECS-INPUT */
		{ "delete-chain", "iptables", true },     /* iptables -X ECS-INPUT */
		{ "insert", "iptables", true },           /* iptables -I INPUT -j ACCEPT */
		{ "restore", "iptables-restor", true },   /* iptables-restore */
		{ "own-table", "nft", true },             /* nft add table inet ecs_x … */
		{ "flush-own", "nft", true },             /* nft flush table inet ecs_x */
		{ "flush-ruleset", "nft", true },         /* nft flush ruleset */
		{ "delete-other", "iptables", true },     /* a rule in FORWARD */
		{ "docker-chain", "", false },            /* a chain and a rule in it, and away again */
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rules_news n = recorded(cases[i].name);

		if (n.concerns != cases[i].concerns || strcmp(n.name, cases[i].by) != 0 || n.open || (n.pid > 0) != cases[i].concerns)
			fail_msg("%s: concerns %d, open %d, by '%s' (%d)", cases[i].name, n.concerns, n.open, n.name, n.pid);
	}
}

/* ---- messages made here */

struct message {
	char   bytes[512];
	size_t len;
};

static void add_attribute(struct message *m, unsigned type, const void *data, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t) (sizeof a + len), .nla_type = (uint16_t) type };

	memcpy(m->bytes + m->len, &a, sizeof a);
	memcpy(m->bytes + m->len + sizeof a, data, len);
	m->len += NLMSG_ALIGN(sizeof a + len);
}

static struct message begin(unsigned type, unsigned family)
{
	struct message m = { .len = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg) };
	struct nlmsghdr h = { .nlmsg_type = (uint16_t) (NFNL_SUBSYS_NFTABLES << 8 | type) };
	struct nfgenmsg g = { .nfgen_family = (uint8_t) family };

	memcpy(m.bytes, &h, sizeof h);
	memcpy(m.bytes + sizeof h, &g, sizeof g);
	return m;
}

static struct view end(struct message *m)
{
	uint32_t len = (uint32_t) m->len;

	memcpy(m->bytes, &len, sizeof len);
	return (struct view) { m->bytes, m->len };
}

static bool rule_concerns(unsigned type, unsigned family, const char *table, const char *chain)
{
	struct message m = begin(type, family);
	struct rules_news n = { .pid = 0 };

	add_attribute(&m, NFTA_RULE_TABLE, table, strlen(table) + 1);
	add_attribute(&m, NFTA_RULE_CHAIN | NLA_F_NESTED, chain, strlen(chain) + 1); /* flags do not hide a type */
	rules_news_read(end(&m), &n);
	assert_int_equal(n.concerns, n.open);
	return n.concerns;
}

static void test_which_rules_concern_us(void **state)
{
	enum { INET = 1, IP = 2, ARP = 3, BRIDGE = 7, IP6 = 10, DESTROY = 28 };

	(void) state;
	assert_true(rule_concerns(NFT_MSG_DELRULE, IP, "filter", "INPUT"));
	assert_true(rule_concerns(NFT_MSG_DELRULE, IP6, "filter", "ECS-INPUT"));
	assert_true(rule_concerns(NFT_MSG_NEWRULE, IP, "nat", "OUTPUT"));
	assert_true(rule_concerns(NFT_MSG_DELRULE, IP, "filter", "DOCKER-USER"));
	assert_true(rule_concerns(NFT_MSG_DELRULE, INET, "ecs-bootstrap", "any"));
	assert_true(rule_concerns(DESTROY, IP, "nat", "PREROUTING"));
	assert_false(rule_concerns(NFT_MSG_DELRULE, IP, "nat", "DOCKER"));
	assert_false(rule_concerns(NFT_MSG_DELRULE, IP, "filter", "INPUT_direct"));
	assert_false(rule_concerns(NFT_MSG_DELRULE, ARP, "filter", "INPUT"));
	assert_false(rule_concerns(NFT_MSG_DELRULE, BRIDGE, "filter", "FORWARD"));
	assert_false(rule_concerns(NFT_MSG_NEWSETELEM, IP, "filter", "INPUT"));
}

static void test_who_made_it(void **state)
{
	struct rules_news n = { .concerns = true, .open = true };
	struct message m = begin(NFT_MSG_NEWGEN, 0);
	uint32_t pid = htonl(4711);

	(void) state;
	add_attribute(&m, NFTA_GEN_PROC_PID, &pid, sizeof pid);
	add_attribute(&m, NFTA_GEN_PROC_NAME, "bad\n\x1b'name", 10); /* no NUL, and nothing for a log */
	rules_news_read(end(&m), &n);
	assert_string_equal(n.name, "bad???name");
	assert_int_equal(n.pid, 4711);
	assert_false(n.open);

	/* a transaction that is not about us leaves the name alone */
	m = begin(NFT_MSG_NEWGEN, 0);
	add_attribute(&m, NFTA_GEN_PROC_NAME, "another", 8);
	rules_news_read(end(&m), &n);
	assert_string_equal(n.name, "bad???name");

	/* longer than the kernel has them, and no pid */
	n.open = true;
	m = begin(NFT_MSG_NEWGEN, 0);
	add_attribute(&m, NFTA_GEN_PROC_NAME, "0123456789abcdefghij", 21);
	rules_news_read(end(&m), &n);
	assert_string_equal(n.name, "0123456789abcde");
	assert_int_equal(n.pid, 0);
}

static void test_broken_ones_concern_us(void **state)
{
	struct message m = begin(NFT_MSG_NEWSETELEM, 2);
	struct view whole = end(&m);
	uint32_t lengths[] = { 0, 1, 15, 19, 21, 0xffffffff };

	(void) state;
	for (size_t len = 1; len < whole.len; len++) {
		struct rules_news n = { .pid = 0 };

		rules_news_read((struct view) { whole.p, len }, &n);
		assert_true(n.concerns);
	}
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct rules_news n = { .pid = 0 };

		memcpy(m.bytes, &lengths[i], sizeof lengths[i]);
		rules_news_read((struct view) { m.bytes, m.len }, &n);
		assert_true(n.concerns);
	}
}

static void test_nothing_and_others_do_not(void **state)
{
	struct rules_news n = { .pid = 0 };
	struct message m = begin(NFT_MSG_DELTABLE, 2);
	struct nlmsghdr *h = (struct nlmsghdr *) m.bytes;

	(void) state;
	rules_news_read((struct view) { "", 0 }, &n);
	assert_false(n.concerns);
	h->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | 2;
	rules_news_read(end(&m), &n);
	assert_false(n.concerns);
	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE;
	rules_news_read(end(&m), &n);
	assert_true(n.concerns);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_recorded),
		TEST(test_which_rules_concern_us),
		TEST(test_who_made_it),
		TEST(test_broken_ones_concern_us),
		TEST(test_nothing_and_others_do_not),
	};

	return RUN("rules-news", tests);
}
