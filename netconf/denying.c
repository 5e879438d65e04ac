#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netconf/denying.h"
#include "netconf/iptables.h"
#include "netconf/nfnl.h"
#include "netconf/nft-text.h"
#include "netconf/nft.h"
#include "netconf/present.h"

#define COMMENT "comment \"" NFT_TABLE "\""

static const struct wanted_chain nothing;

/* What stands before our comment. false: not a rule of ours. */
static bool ours(struct view text, struct view *rule, struct view *handle)
{
	static const char mark[] = " " COMMENT " # handle ";
	const char *at = text.len ? memmem(text.p, text.len, mark, sizeof mark - 1) : NULL;

	if (!at)
		return false;
	*rule = (struct view) { text.p, (size_t) (at - text.p) };
	*handle = (struct view) { at + sizeof mark - 1, text.len - rule->len - (sizeof mark - 1) };
	return handle->len > 0 && handle->len < 20 && strspn(handle->p, "0123456789") >= handle->len;
}

static bool is_wanted(const struct wanted_chain *w, struct view rule)
{
	for (size_t i = 0; i < w->n; i++)
		if (rule_same(rule, view_of(w->rule[i])))
			return true;
	return false;
}

static bool is_there(struct view listing, const char *wanted)
{
	struct view chain = { "", 0 }, rule, handle;
	struct nft_line line;

	while (nft_next(&listing, &chain, &line))
		if (ours(line.text, &rule, &handle) && rule_same(rule, view_of(wanted)))
			return true;
	return false;
}

int denying_render(const char *family, const char *table, const char *chain, const struct wanted_chain *w,
		   struct view listing, struct buf *out)
{
	struct view rest = listing, in = { "", 0 }, rule, handle;
	struct nft_line line;
	int r = 0;

	while (r == 0 && nft_next(&rest, &in, &line))
		if (ours(line.text, &rule, &handle) && !is_wanted(w, rule))
			r = buf_printf(out, "delete rule %s %s %s handle %.*s\n", family, table, chain, VIEW_ARG(handle, handle.len));
	for (size_t i = 0; r == 0 && i < w->n; i++)
		if (!is_there(listing, w->rule[i]))
			r = buf_printf(out, "insert rule %s %s %s %s " COMMENT "\n", family, table, chain, w->rule[i]);
	return r;
}

static bool one_of(struct view word, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (view_is(word, words[i]))
			return true;
	return false;
}

/* A last rule without a condition: "drop", "counter reject", "log prefix … drop". */
bool denying_at_end(struct view listing)
{
	static const char *const starts[] = { "drop", "reject", "counter", "log" };
	struct view chain = { "", 0 }, last = { "", 0 }, word;
	struct nft_line line;

	while (nft_next(&listing, &chain, &line))
		last = line.text;
	word = rule_word(&last);
	if (!one_of(word, starts, ARRAY_LEN(starts)))
		return false;
	while (word.len > 0 && !one_of(word, starts, 2))
		word = rule_word(&last);
	return word.len > 0;
}

/* nft takes a name for one word only if it begins with a letter and has no others than these. */
static bool plain(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strlen(name);

	return strspn(name, letters) > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == len;
}

static bool concerns(const struct nfnl_input *c, enum backend in_force)
{
	if (strcmp(c->table, NFT_TABLE) == 0 || strcmp(c->table, "firewalld") == 0 || !plain(c->table) || !plain(c->chain))
		return false;
	return in_force != BACKEND_IPTABLES || iptables_kind(FAMILY_IPV4) != IPTABLES_NFT || strcmp(c->family, "inet") == 0 ||
	       strcmp(c->table, "filter") != 0 || strcmp(c->chain, "INPUT") != 0;
}

/* inet sees both families: the rules of IPv4 are those of IPv6 and one more. */
static void wanted_in(const struct plan *p, const struct nfnl_input *c, struct wanted_chain *ret)
{
	struct wanted w;

	rules_wanted(&p->nc, strcmp(c->family, "ip6") == 0 ? FAMILY_IPV6 : FAMILY_IPV4, WORDS_FOREIGN, &w);
	*ret = w.chain[OWN_INPUT];
}

static int list_chain(struct nft *n, const struct nfnl_input *c, struct buf *ret, struct err *e)
{
	char command[2 * NFNL_NAME_MAX + 32];

	buf_clear(ret);
	snprintf(command, sizeof command, "list chain %s %s %s", c->family, c->table, c->chain);
	return nft_run(n, command, ret, e);
}

static int render_one(const struct plan *p, struct nft *n, const struct nfnl_input *c, bool remove, struct buf *out, struct err *e)
{
	struct wanted_chain wanted = { 0 };
	AUTO_BUF listing = { .limit = 0 };
	int r = list_chain(n, c, &listing, e);

	if (r < 0)
		return r;
	if (!remove && (c->drops || denying_at_end(buf_view(&listing))))
		wanted_in(p, c, &wanted);
	r = denying_render(c->family, c->table, c->chain, remove ? &nothing : &wanted, buf_view(&listing), out);
	return r < 0 ? err_set(e, r, "render rules") : 0;
}

static int note_helpless(const struct plan *p, const struct nfnl_input *c, struct err *e)
{
	int r = 0;

	if (c->drops)
		r = buf_printf(p->notes, "chain '%s %s %s' denies what tasks send to the agent, and without libnftables (package %s) "
			       "no accept can be put into it\n", c->family, c->table, c->chain, p->packages.nftables);
	return r < 0 ? err_set(e, r, "note") : 0;
}

static int open_library(struct nft **n, struct err *e)
{
	int r = nft_open(n, e);

	if (r == 0)
		nft_show_handles(*n, true);
	return r;
}

/* The commands for all chains. *n stays NULL where there is none of them. */
static int render_all(const struct plan *p, enum backend in_force, bool remove, struct nft **n, struct buf *out, struct err *e)
{
	struct nfnl_inputs inputs;
	int r = nfnl_input_chains(&inputs);

	if (r < 0) /* no nf_tables: nobody denies by it */
		return 0;
	for (size_t i = 0; r >= 0 && i < inputs.n; i++) {
		const struct nfnl_input *c = &inputs.of[i];

		if (!concerns(c, in_force))
			continue;
		r = *n ? 0 : open_library(n, e);
		if (r == 0)
			r = render_one(p, *n, c, remove, out, e);
		else if (r == NFT_ABSENT)
			r = remove ? 0 : note_helpless(p, c, e);
	}
	return r < 0 ? r : 0;
}

static int change(const struct plan *p, enum backend in_force, bool remove, struct err *e)
{
	AUTO_BUF commands = { .limit = 0 };
	AUTO_NFT *n = NULL;
	int r = render_all(p, in_force, remove, &n, &commands, e);

	if (r < 0 || commands.len == 0)
		return r;
	r = nft_run(n, commands.p, NULL, e);
	if (r < 0)
		return err_wrap(e, "put accepts into chains that deny");
	r = buf_printf(p->notes, remove ? "accepts taken out of chains that deny\n" : "accepts put into chains that deny\n");
	return r < 0 ? err_set(e, r, "note") : DENYING_CHANGED;
}

int denying_apply(const struct plan *p, enum backend in_force, struct err *e)
{
	return change(p, in_force, false, e);
}

int denying_remove(const struct plan *p, struct err *e)
{
	int r = change(p, BACKEND_NFTABLES, true, e);

	return r < 0 ? r : 0;
}

int denying_report(const struct plan *p, enum backend in_force, struct buf *out, struct err *e)
{
	AUTO_BUF commands = { .limit = 0 };
	struct view rest, line;
	AUTO_NFT *n = NULL;
	int r = render_all(p, in_force, false, &n, &commands, e);

	rest = buf_view(&commands);
	while (r == 0 && view_line(&rest, &line)) {
		bool missing = view_starts(line, "insert ");

		r = buf_printf(out, "%s: %.*s\n", missing ? "missing in a chain that denies" : "surplus in a chain of others",
			       VIEW_ARG(line, (size_t) 300));
		if (r < 0)
			(void) err_set(e, r, "report");
	}
	return r;
}
