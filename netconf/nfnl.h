/* Questions to the kernel's nf_tables over nfnetlink: no child, no library. All need root. */
#ifndef NETCONF_NFNL_H
#define NETCONF_NFNL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/view.h"
#include "netconf/rules.h"

/* Changes with every change of any rule of nf_tables in this network namespace. 0, or negative: no nf_tables here. */
int nfnl_generation(uint32_t *ret) MUST_CHECK;

/* 1 yes, 0 no, negative: not known. The table's family is that of `family`. */
int nfnl_has_chain(enum family family, const char *table, const char *chain) MUST_CHECK;
int nfnl_has_table(enum family family, const char *table) MUST_CHECK;

/* Deletes a table with all in it, in one transaction. -ENOENT: there is none. */
int nfnl_delete_table(enum family family, const char *table) MUST_CHECK;

/* Whether nf_tables knows a match or target of xtables. 0 yes, -ENOENT no, another errno: not known. */
int nfnl_has_extension(const char *name, uint8_t revision, bool target, uint8_t nfproto) MUST_CHECK;

enum { NFNL_NAME_MAX = 256, NFNL_INPUTS_MAX = 16 };

/* A chain that sees the packets for this host. */
struct nfnl_input {
	char        table[NFNL_NAME_MAX], chain[NFNL_NAME_MAX];
	const char *family;  /* as nft says it: ip, ip6, inet */
	bool        drops;   /* its policy */
};

struct nfnl_inputs {
	size_t            n;
	struct nfnl_input of[NFNL_INPUTS_MAX];
};

/* All chains hooked to input. 0 or negative. */
int nfnl_input_chains(struct nfnl_inputs *ret) MUST_CHECK;

/* The same from the kernel's answer to the question for all chains. Pure. */
void nfnl_read_inputs(struct view answer, struct nfnl_inputs *ret);

#endif
