/* Our rules as text for nft, and what nft lists compared with them. Pure. */
#ifndef NETCONF_NFT_TEXT_H
#define NETCONF_NFT_TEXT_H

#include <stdbool.h>

#include "common/buf.h"
#include "netconf/rules.h"

bool wanted_any(const struct wanted *w);

const char *nft_family(enum family family); /* "ip", "ip6" */

/* Appends our table with all its chains. 0 or as buf_add(). */
int nft_render_table(const struct wanted *w, enum family family, struct buf *out) MUST_CHECK;

/* The same as commands that put it in the place of one that may be there. */
int nft_render_replace(const struct wanted *w, enum family family, struct buf *out) MUST_CHECK;

/* listing: what `nft list table` printed, empty for no table. Whether it is the wanted one and nothing else. */
bool nft_listing_right(const struct wanted *w, struct view listing);

/* Appends one line for each thing that is missing or too much. 0 or as buf_add(). */
int nft_report(const struct wanted *w, struct view listing, enum family family, struct buf *out) MUST_CHECK;

/* One rule or one base line ("type … hook …") of a listing. */
struct nft_line {
	struct view chain; /* empty: stands in the table itself */
	struct view text;
};

/* Goes on to the next line with content. *rest: start with the listing; *chain: start empty. */
bool nft_next(struct view *rest, struct view *chain, struct nft_line *ret);

#endif
