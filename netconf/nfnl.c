#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "netconf/netlink.h"
#include "netconf/nfnl.h"

static void begin(struct nl_request *rq, uint16_t subsystem, uint16_t message, uint16_t flags, uint8_t family)
{
	struct nfgenmsg head = { .nfgen_family = family, .version = NFNETLINK_V0 };

	nl_begin(rq, (uint16_t) (subsystem << 8 | message), flags, &head, sizeof head);
}

static int ask(const struct nl_request *rq, struct buf *ret)
{
	return nl_ask(NETLINK_NETFILTER, rq, rq->head.nlmsg_len, ret);
}

static uint8_t nfproto(enum family family)
{
	return family == FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/* What follows the nfgenmsg. false: too short to have one. */
static bool attributes_of(struct view body, struct nfgenmsg *head, struct view *ret)
{
	if (body.len < sizeof *head)
		return false;
	memcpy(head, body.p, sizeof *head);
	*ret = (struct view) { body.p + NLMSG_ALIGN(sizeof *head), body.len - NLMSG_ALIGN(sizeof *head) };
	return true;
}

int nfnl_generation(uint32_t *ret)
{
	AUTO_BUF answer = { .limit = 0 };
	struct nl_request rq;
	struct nlmsghdr head;
	struct nfgenmsg nf;
	struct view rest, body, attributes, value;
	int r;

	begin(&rq, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, NLM_F_ACK, AF_UNSPEC);
	r = ask(&rq, &answer);
	rest = buf_view(&answer);
	if (r < 0)
		return r;
	if (!nl_next(&rest, &head, &body) || !attributes_of(body, &nf, &attributes) ||
	    !nl_find(attributes, NFTA_GEN_ID, &value))
		return -EPROTO;
	*ret = ntohl(nl_u32(value));
	return 0;
}

static int exists(const struct nl_request *rq)
{
	int r = ask(rq, NULL);

	return r == -ENOENT ? 0 : r == 0 ? 1 : r;
}

int nfnl_has_chain(enum family family, const char *table, const char *chain)
{
	struct nl_request rq;

	begin(&rq, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN, NLM_F_ACK, nfproto(family));
	nl_add_text(&rq, NFTA_CHAIN_TABLE, table);
	nl_add_text(&rq, NFTA_CHAIN_NAME, chain);
	return exists(&rq);
}

int nfnl_has_table(enum family family, const char *table)
{
	struct nl_request rq;

	begin(&rq, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE, NLM_F_ACK, nfproto(family));
	nl_add_text(&rq, NFTA_TABLE_NAME, table);
	return exists(&rq);
}

/* What changes nf_tables stands between two messages that make it one transaction. */
int nfnl_delete_table(enum family family, const char *table)
{
	struct nfgenmsg batch = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct nl_request rq[3];
	char all[sizeof rq];
	size_t n = 0;

	nl_begin(&rq[0], NFNL_MSG_BATCH_BEGIN, 0, &batch, sizeof batch);
	begin(&rq[1], NFNL_SUBSYS_NFTABLES, NFT_MSG_DELTABLE, NLM_F_ACK, nfproto(family));
	nl_add_text(&rq[1], NFTA_TABLE_NAME, table);
	nl_begin(&rq[2], NFNL_MSG_BATCH_END, 0, &batch, sizeof batch);
	for (size_t i = 0; i < ARRAY_LEN(rq); i++) {
		memcpy(all + n, &rq[i], rq[i].head.nlmsg_len);
		n += rq[i].head.nlmsg_len;
	}
	return nl_ask(NETLINK_NETFILTER, all, n, NULL);
}

int nfnl_has_extension(const char *name, uint8_t revision, bool target, uint8_t family)
{
	uint32_t number = htonl(revision), kind = htonl(target);
	struct nl_request rq;
	int r;

	begin(&rq, NFNL_SUBSYS_NFT_COMPAT, NFNL_MSG_COMPAT_GET, NLM_F_ACK, family);
	nl_add_text(&rq, NFTA_COMPAT_NAME, name);
	nl_add(&rq, NFTA_COMPAT_REV, &number, sizeof number);
	nl_add(&rq, NFTA_COMPAT_TYPE, &kind, sizeof kind);
	r = ask(&rq, NULL);
	return r == -EPROTONOSUPPORT ? -ENOENT : r;
}

static const char *family_word(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	default:
		return NULL;
	}
}

/* false: not a chain that sees input. */
static bool read_input(struct view body, struct nfnl_input *ret)
{
	struct view attributes, table, name, hook, number, policy;
	struct nfgenmsg head;

	if (!attributes_of(body, &head, &attributes) || !family_word(head.nfgen_family) ||
	    !nl_find(attributes, NFTA_CHAIN_TABLE, &table) || !nl_find(attributes, NFTA_CHAIN_NAME, &name) ||
	    !nl_find(attributes, NFTA_CHAIN_HOOK, &hook) || !nl_find(hook, NFTA_HOOK_HOOKNUM, &number) ||
	    number.len != sizeof(uint32_t) || ntohl(nl_u32(number)) != NF_INET_LOCAL_IN)
		return false;
	ret->family = family_word(head.nfgen_family);
	ret->drops = nl_find(attributes, NFTA_CHAIN_POLICY, &policy) && policy.len == sizeof(uint32_t) &&
		     ntohl(nl_u32(policy)) == NF_DROP;
	table = nl_text(table);
	name = nl_text(name);
	snprintf(ret->table, sizeof ret->table, "%.*s", VIEW_ARG(table, sizeof ret->table - 1));
	snprintf(ret->chain, sizeof ret->chain, "%.*s", VIEW_ARG(name, sizeof ret->chain - 1));
	return true;
}

void nfnl_read_inputs(struct view answer, struct nfnl_inputs *ret)
{
	struct nlmsghdr head;
	struct view body;

	ret->n = 0;
	while (ret->n < NFNL_INPUTS_MAX && nl_next(&answer, &head, &body))
		if (head.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN) &&
		    read_input(body, &ret->of[ret->n]))
			ret->n++;
}

int nfnl_input_chains(struct nfnl_inputs *ret)
{
	AUTO_BUF answer = { .limit = 0 };
	struct nl_request rq;
	int r;

	begin(&rq, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN, NLM_F_DUMP, AF_UNSPEC);
	r = ask(&rq, &answer);
	if (r == 0)
		nfnl_read_inputs(buf_view(&answer), ret);
	return r;
}
