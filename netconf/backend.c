#include <errno.h>

#include "netconf/backend.h"
#include "netconf/denying.h"
#include "netconf/iptables-rules.h"
#include "netconf/iptables.h"
#include "netconf/nfnl.h"
#include "netconf/nft-rules.h"
#include "netconf/seen.h"

const char *backend_name(enum backend b)
{
	static const char *const kinds[] = {
		[IPTABLES_NONE] = "iptables", [IPTABLES_NFT] = "iptables (nft)", [IPTABLES_LEGACY] = "iptables (legacy)",
		[IPTABLES_UNKNOWN] = "iptables",
	};

	return b == BACKEND_NFTABLES ? "nftables" : kinds[iptables_kind(FAMILY_IPV4)];
}

int backend_choose(const struct plan *p, enum backend *ret, struct err *e)
{
	bool iptables = iptables_kind(FAMILY_IPV4) != IPTABLES_NONE;

	*ret = p->wish == BACKEND_NFTABLES || (p->wish == BACKEND_AUTO && !iptables) ? BACKEND_NFTABLES : BACKEND_IPTABLES;
	if (*ret == BACKEND_IPTABLES && !iptables)
		return err_say(e, -ENOENT, "find 'iptables-restore', which taskRoles.backend asks for: not installed (package %s)",
			       p->packages.iptables);
	return 0;
}

/* nf_tables counts the changes of all rules that concern us: none of them is in the older tables. */
static bool is_counted(const struct plan *p, enum backend b)
{
	if (b == BACKEND_NFTABLES)
		return iptables_kind(FAMILY_IPV4) == IPTABLES_NFT || iptables_kind(FAMILY_IPV4) == IPTABLES_NONE;
	return iptables_kind(FAMILY_IPV4) == IPTABLES_NFT && (!p->ipv6 || iptables_kind(FAMILY_IPV6) == IPTABLES_NFT);
}

/* How many transactions it took, or negative. The new rules come before the old ones go: credentials are there all the time. */
static int apply_all(const struct plan *p, enum backend b, struct err *e)
{
	int changed = b == BACKEND_NFTABLES ? nft_rules_apply(p, e) : iptables_rules_apply(p, e), r = changed;

	if (r >= 0)
		r = b == BACKEND_NFTABLES ? iptables_rules_remove(p, e) : nft_rules_remove(p, e);
	if (r >= 0)
		r = denying_apply(p, b, e);
	return r < 0 ? r : changed + r;
}

int backend_apply(const struct plan *p, struct err *e)
{
	uint32_t before = 0, after;
	enum backend b;
	bool counted;
	int r;

	r = backend_choose(p, &b, e);
	if (r < 0)
		return r;
	counted = is_counted(p, b) && nfnl_generation(&before) == 0;
	if (counted && seen_is(p->root, SEEN_RULES, seen_fingerprint(p, b, before)))
		return 0;
	r = apply_all(p, b, e);
	if (r < 0)
		return r;
	/* Each transaction counts one: if there were no more than ours, nobody has changed anything since we looked. */
	if (counted && nfnl_generation(&after) == 0 && after - before == (uint32_t) r)
		seen_keep(p->root, SEEN_RULES, seen_fingerprint(p, b, after));
	return 0;
}

int backend_remove(const struct plan *p, struct err *e)
{
	struct err other;
	int first = nft_rules_remove(p, e), r = iptables_rules_remove(p, first < 0 ? &other : e);

	first = first < 0 ? first : r;
	r = denying_remove(p, first < 0 ? &other : e);
	return first < 0 ? first : r;
}

int backend_report(const struct plan *p, struct buf *out, struct err *e)
{
	enum backend b;
	int r = backend_choose(p, &b, e);

	if (r == 0)
		r = b == BACKEND_NFTABLES ? nft_rules_report(p, out, e) : iptables_rules_report(p, out, e);
	return r < 0 ? r : denying_report(p, b, out, e);
}

int backend_show(const struct plan *p, struct buf *out, struct err *e)
{
	enum backend b;
	int r = backend_choose(p, &b, e);

	if (r < 0)
		return r;
	r = buf_printf(out, "# backend: %s\n", backend_name(b));
	if (r < 0)
		return err_set(e, r, "render rules");
	return b == BACKEND_NFTABLES ? nft_rules_show(p, out, e) : iptables_rules_show(p, out, e);
}
