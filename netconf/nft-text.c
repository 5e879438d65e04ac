#include <string.h>

#include "netconf/nft-text.h"
#include "netconf/present.h"

enum { LINES_MAX = OWN_CHAINS * (CHAIN_RULES_MAX + 1) };

bool wanted_any(const struct wanted *w)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (w->chain[c].n > 0)
			return true;
	return false;
}

const char *nft_family(enum family family)
{
	return family == FAMILY_IPV6 ? "ip6" : "ip";
}

static int render_chain(const struct wanted_chain *w, const struct chain *own, struct buf *out)
{
	int r = buf_printf(out, "\tchain %s {\n\t\t%s\n", own->name, own->base);

	for (size_t i = 0; r == 0 && i < w->n; i++)
		r = buf_printf(out, "\t\t%s\n", w->rule[i]);
	return r < 0 ? r : buf_printf(out, "\t}\n");
}

int nft_render_table(const struct wanted *w, enum family family, struct buf *out)
{
	int r = buf_printf(out, "table %s " NFT_TABLE " {\n", nft_family(family));

	for (enum own_chain c = 0; r == 0 && c < OWN_CHAINS; c++)
		if (w->chain[c].n > 0)
			r = render_chain(&w->chain[c], &own_chains[c], out);
	return r < 0 ? r : buf_printf(out, "}\n");
}

/* `delete` fails where there is no table, so the first line makes one where there is none. */
int nft_render_replace(const struct wanted *w, enum family family, struct buf *out)
{
	const char *name = nft_family(family);
	int r = buf_printf(out, "table %s " NFT_TABLE "\ndelete table %s " NFT_TABLE "\n", name, name);

	return r < 0 || !wanted_any(w) ? r : nft_render_table(w, family, out);
}

/* "chain NAME {" */
static bool chain_begins(struct view line, struct view *name)
{
	struct view word = rule_word(&line);

	if (!view_is(word, "chain"))
		return false;
	*name = rule_word(&line);
	return name->len > 0;
}

static bool table_begins(struct view line)
{
	return view_is(rule_word(&line), "table");
}

bool nft_next(struct view *rest, struct view *chain, struct nft_line *ret)
{
	struct view line;

	while (view_line(rest, &line)) {
		line = view_trim(line);
		if (view_is(line, "}"))
			*chain = (struct view) { "", 0 };
		else if (line.len > 0 && line.p[0] != '#' && !table_begins(line) && !chain_begins(line, chain)) {
			*ret = (struct nft_line) { *chain, line };
			return true;
		}
	}
	return false;
}

static bool same(const struct nft_line *line, const char *chain, const char *text)
{
	return view_is(line->chain, chain) && rule_same(line->text, view_of(text));
}

struct expected {
	size_t      n;
	const char *chain[LINES_MAX], *text[LINES_MAX];
};

static void expect(const struct wanted *w, struct expected *ret)
{
	ret->n = 0;
	for (enum own_chain c = 0; c < OWN_CHAINS; c++) {
		for (size_t i = 0; w->chain[c].n > 0 && i <= w->chain[c].n; i++) {
			ret->chain[ret->n] = own_chains[c].name;
			ret->text[ret->n++] = i == 0 ? own_chains[c].base : w->chain[c].rule[i - 1];
		}
	}
}

/* Chains are listed in the order in which they were made, which is ours. */
bool nft_listing_right(const struct wanted *w, struct view listing)
{
	struct view chain = { "", 0 };
	struct expected x;
	struct nft_line line;
	size_t seen = 0;

	expect(w, &x);
	while (nft_next(&listing, &chain, &line)) {
		if (seen == x.n || !same(&line, x.chain[seen], x.text[seen]))
			return false;
		seen++;
	}
	return seen == x.n;
}

static bool listed(struct view listing, const char *in, const char *text)
{
	struct view chain = { "", 0 };
	struct nft_line line;

	while (nft_next(&listing, &chain, &line))
		if (same(&line, in, text))
			return true;
	return false;
}

static bool expected(const struct expected *x, const struct nft_line *line)
{
	for (size_t i = 0; i < x->n; i++)
		if (same(line, x->chain[i], x->text[i]))
			return true;
	return false;
}

static int report_surplus(const struct expected *x, struct view listing, enum family family, struct buf *out)
{
	struct view chain = { "", 0 };
	struct nft_line line;
	int r = 0;

	while (r == 0 && nft_next(&listing, &chain, &line))
		if (!expected(x, &line))
			r = buf_printf(out, "%s: surplus: %s " NFT_TABLE " %.*s: %.*s\n", family_name(family), nft_family(family),
				       VIEW_ARG(line.chain, (size_t) 64), VIEW_ARG(line.text, (size_t) RULE_TEXT_MAX));
	return r;
}

int nft_report(const struct wanted *w, struct view listing, enum family family, struct buf *out)
{
	size_t before = out->len;
	struct expected x;
	int r = 0;

	if (nft_listing_right(w, listing))
		return 0;
	expect(w, &x);
	for (size_t i = 0; r == 0 && i < x.n; i++)
		if (!listed(listing, x.chain[i], x.text[i]))
			r = buf_printf(out, "%s: missing: %s " NFT_TABLE " %s: %s\n", family_name(family), nft_family(family),
				       x.chain[i], x.text[i]);
	if (r == 0)
		r = report_surplus(&x, listing, family, out);
	if (r == 0 && out->len == before)
		r = buf_printf(out, "%s: wrong order or doubled: rules of table %s " NFT_TABLE "\n", family_name(family),
			       nft_family(family));
	return r;
}
