/* The backend nftables: one table of our own for each family, through libnftables. */
#ifndef NETCONF_NFT_RULES_H
#define NETCONF_NFT_RULES_H

#include "netconf/backend.h"

/* 0: all was right. 1: one transaction, for both families. Or negative. */
int nft_rules_apply(const struct plan *p, struct err *e) MUST_CHECK;

/* Without libnftables; 0 also if there is nothing to remove. */
int nft_rules_remove(const struct plan *p, struct err *e) MUST_CHECK;

int nft_rules_report(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;
int nft_rules_show(const struct plan *p, struct buf *out, struct err *e) MUST_CHECK;

#endif
