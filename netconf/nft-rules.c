#include <errno.h>
#include <stdio.h>

#include "netconf/iptables-rules.h"
#include "netconf/nfnl.h"
#include "netconf/nft-rules.h"
#include "netconf/nft-text.h"
#include "netconf/nft.h"

struct table {
	enum family   family;
	struct wanted wanted;
	struct buf    listing;
};

static void tables_done(struct table (*t)[FAMILIES])
{
	for (size_t i = 0; i < FAMILIES; i++)
		buf_done(&(*t)[i].listing);
}

static size_t families(const struct plan *p)
{
	return p->ipv6 ? FAMILIES : 1;
}

static int open_library(const struct plan *p, struct nft **ret, struct err *e)
{
	int r = nft_open(ret, e);

	if (r != NFT_ABSENT)
		return r;
	if (p->wish == BACKEND_NFTABLES)
		return err_say(e, -ENOENT, "load 'libnftables.so.1', which taskRoles.backend asks for: not installed (package %s)",
			       p->packages.nftables);
	return err_say(e, -ENOENT, "find 'iptables-restore' (package %s) or 'libnftables.so.1' (package %s): neither is installed",
		       p->packages.iptables, p->packages.nftables);
}

static int list_table(struct nft *n, struct table *t, struct err *e)
{
	char command[64];

	snprintf(command, sizeof command, "list table %s " NFT_TABLE, nft_family(t->family));
	return nft_run(n, command, &t->listing, e);
}

/* What is wanted, and what is there. Without a table of ours the library is not loaded for it. */
static int read_all(const struct plan *p, struct nft **n, struct table t[FAMILIES], struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < families(p); i++) {
		int there = nfnl_has_table((enum family) i, NFT_TABLE);

		t[i].family = (enum family) i;
		rules_wanted(&p->nc, t[i].family, WORDS_NFT, &t[i].wanted);
		if (there < 0)
			return err_set(e, there, "ask the kernel for nf_tables (package %s)", p->packages.modules);
		if (there && !*n)
			r = open_library(p, n, e);
		if (there && r == 0)
			r = list_table(*n, &t[i], e);
	}
	return r;
}

/* What our rules need of the kernel beyond nf_tables itself, each with a table that has nothing else. */
static const struct probe {
	const char *module, *commands;
} probes[] = {
	{ "nf_tables", "table ip ecs-bootstrap-probe { }" },
	{ "nft_ct", "table ip ecs-bootstrap-probe {\nchain c {\nct status dnat accept\n}\n}" },
	{ "nft_chain_nat", "table ip ecs-bootstrap-probe {\nchain c {\ntype nat hook prerouting priority -105\n}\n}" },
	{ "nft_nat", "table ip ecs-bootstrap-probe {\nchain c {\ntype nat hook prerouting priority -105\ntcp dport 1 dnat to 127.0.0.1:1\n}\n}" },
	{ "nft_redir", "table ip ecs-bootstrap-probe {\nchain c {\ntype nat hook output priority -105\ntcp dport 1 redirect to :1\n}\n}" },
};

/* Nothing has been changed: the kernel takes all or nothing. Only why is still to be found out. */
static int name_what_is_missing(const struct plan *p, struct nft *n, struct err *e)
{
	struct err unused;

	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if (nft_try(n, probes[i].commands, &unused) < 0)
			return err_say(e, -ENOENT, "make rules: kernel module '%s' not available (package %s)", probes[i].module,
				       p->packages.modules);
	return err_wrap(e, "make rules");
}

static int change_all(const struct plan *p, struct nft **n, struct table t[FAMILIES], struct err *e)
{
	AUTO_BUF commands = { .limit = 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < families(p); i++) {
		if (nft_listing_right(&t[i].wanted, buf_view(&t[i].listing)))
			continue;
		r = nft_render_replace(&t[i].wanted, t[i].family, &commands);
		if (r == 0)
			r = buf_printf(p->notes, "rules for %s made\n", family_name(t[i].family));
	}
	if (r < 0)
		return err_set(e, r, "render rules");
	if (commands.len == 0)
		return 0;
	if (!*n && (r = open_library(p, n, e)) < 0) {
		buf_clear(p->notes);
		return r;
	}
	r = nft_run(*n, commands.p, NULL, e);
	if (r == 0)
		return 1;
	buf_clear(p->notes);
	return name_what_is_missing(p, *n, e);
}

int nft_rules_apply(const struct plan *p, struct err *e)
{
	CLEANUP(tables_done) struct table t[FAMILIES] = { 0 };
	AUTO_NFT *n = NULL;
	int r = read_all(p, &n, t, e);

	return r < 0 ? r : change_all(p, &n, t, e);
}

int nft_rules_remove(const struct plan *p, struct err *e)
{
	int first = 0;

	for (enum family f = 0; f < FAMILIES; f++) {
		int r = nfnl_has_table(f, NFT_TABLE) == 1 ? nfnl_delete_table(f, NFT_TABLE) : -ENOENT;

		if (r < 0 && r != -ENOENT && first == 0)
			first = err_set(e, r, "delete table '%s " NFT_TABLE "'", nft_family(f));
		if (r == 0 && buf_printf(p->notes, "rules for %s removed from nftables\n", family_name(f)) < 0)
			first = err_set(e, -ENOMEM, "note");
	}
	return first;
}

int nft_rules_report(const struct plan *p, struct buf *out, struct err *e)
{
	CLEANUP(tables_done) struct table t[FAMILIES] = { 0 };
	AUTO_NFT *n = NULL;
	int r = read_all(p, &n, t, e);

	if (r == 0 && !n)
		r = open_library(p, &n, e);
	for (size_t i = 0; r == 0 && i < families(p); i++) {
		r = nft_report(&t[i].wanted, buf_view(&t[i].listing), t[i].family, out);
		if (r < 0)
			(void) err_set(e, r, "report %s rules", family_name(t[i].family));
	}
	return r;
}

int nft_rules_show(const struct plan *p, struct buf *out, struct err *e)
{
	int r = buf_printf(out, "# nft -f -\n");

	for (enum family f = 0; r == 0 && f < (enum family) families(p); f++) {
		struct wanted w;

		rules_wanted(&p->nc, f, WORDS_NFT, &w);
		r = nft_render_replace(&w, f, out);
	}
	return r < 0 ? err_set(e, r, "render rules") : 0;
}
