/* Whatever nft lists: it is read within bounds, and what is rendered from it is whole lines of commands. */
#include <string.h>

#include "netconf/denying.h"
#include "netconf/nft-text.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

static bool inside(struct view part, struct view whole)
{
	return part.len == 0 || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

static void walk(struct view listing)
{
	struct view rest = listing, chain = { "", 0 };
	struct nft_line line;

	while (nft_next(&rest, &chain, &line))
		need(line.text.len > 0 && inside(line.text, listing) && inside(line.chain, listing));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct netconf nc = { .bridge = "docker0", .block_instance_metadata = true };
	struct view listing = { (const char *) data, len }, rest, line;
	AUTO_BUF report = { .limit = 0 };
	AUTO_BUF commands = { .limit = 0 };
	struct wanted w;

	walk(listing);
	(void) denying_at_end(listing);
	rules_wanted(&nc, FAMILY_IPV4, WORDS_NFT, &w);
	if (nft_report(&w, listing, FAMILY_IPV4, &report) == 0)
		need(nft_listing_right(&w, listing) == (report.len == 0));
	rules_wanted(&nc, FAMILY_IPV4, WORDS_FOREIGN, &w);
	if (denying_render("inet", "t", "c", &w.chain[OWN_INPUT], listing, &commands) < 0)
		return 0;
	for (rest = buf_view(&commands); view_line(&rest, &line);)
		need(view_starts(line, "delete rule inet t c handle ") || view_starts(line, "insert rule inet t c "));
	return 0;
}
