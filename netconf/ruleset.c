#include <errno.h>

#include "netconf/iptables.h"
#include "netconf/nfnl.h"
#include "netconf/nft-text.h"
#include "netconf/render.h"
#include "netconf/ruleset.h"

enum { TRIES = 3 };

void ruleset_done(struct ruleset *r)
{
	buf_done(&r->saved);
}

/* The kernel can be asked much faster than by a child whether any of our chains is there. */
static bool none_there(enum family family)
{
	enum iptables_kind kind = iptables_kind(family);

	if (kind == IPTABLES_LEGACY)
		return iptables_legacy_unused(family);
	if (kind != IPTABLES_NFT)
		return false;
	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (nfnl_has_chain(family, own_chains[c].table, own_chains[c].name) != 0)
			return false;
	return true;
}

/* Whether exactly the wanted chains are there. Then they are taken for right: they were made as a whole. */
static bool assume_right(struct ruleset *r)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++) {
		bool wanted = r->wanted.chain[c].n > 0;

		if (nfnl_has_chain(r->family, own_chains[c].table, own_chains[c].name) != wanted)
			return false;
		r->state.chain[c] = (struct chain_state) { .wanted = wanted, .present = wanted, .same = true, .jumps = wanted };
	}
	r->assumed = true;
	return true;
}

int ruleset_read(struct ruleset *r, struct err *e)
{
	int k;

	buf_clear(&r->saved);
	k = none_there(r->family) ? 0 : iptables_save(r->family, &r->saved, e);
	if (k == IPTABLES_ABSENT)
		return RULESET_ABSENT;
	if (k < 0)
		return err_wrap(e, "read %s rules", family_name(r->family));
	reconcile(&r->wanted, buf_view(&r->saved), &r->state);
	if (r->state.unreadable.len > 0 && !assume_right(r))
		return err_say(e, -ENOTSUP,
			       "read %s rules: table '%.*s' holds rules made with nft that iptables cannot read",
			       family_name(r->family), VIEW_ARG(r->state.unreadable, (size_t) 32));
	return 0;
}

static int count_tables(struct view input)
{
	struct view line;
	int n = 0;

	while (view_line(&input, &line))
		n += view_is(line, "COMMIT");
	return n;
}

/* How many tables, or negative. */
static int change_once(const struct ruleset *r, struct err *e)
{
	AUTO_BUF input = { .limit = 0 };
	int k = render_changes(&r->wanted, &r->state, buf_view(&r->saved), &input);

	if (k < 0)
		return err_set(e, k, "render %s rules", family_name(r->family));
	k = iptables_restore(r->family, buf_view(&input), e);
	return k < 0 ? err_wrap(e, "change %s rules", family_name(r->family)) : count_tables(buf_view(&input));
}

/* A first attempt that failed leaves nothing behind, not even the tables that were made before the one that failed. */
static void take_back(const struct ruleset *r)
{
	AUTO_RULESET none = { .family = r->family };
	AUTO_BUF input = { .limit = 0 };
	struct err unused;

	if (iptables_save(r->family, &none.saved, &unused) != 0)
		return;
	reconcile(&none.wanted, buf_view(&none.saved), &none.state);
	if (!state_right(&none.state) && render_changes(&none.wanted, &none.state, buf_view(&none.saved), &input) == 0)
		(void) !iptables_restore(r->family, buf_view(&input), &unused);
}

static bool nothing_there(const struct state *s)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (s->chain[c].present)
			return false;
	return true;
}

int ruleset_change(struct ruleset *r, struct err *e)
{
	bool first = nothing_there(&r->state);
	int k = 0;

	for (int tries = 0; tries < TRIES && !state_right(&r->state); tries++) {
		struct err again;
		int read;

		k = change_once(r, e);
		if (k >= 0)
			return tries == 0 ? k : RULESET_TRIED;
		if (k == -EBUSY)
			break;
		read = ruleset_read(r, &again);
		if (read == -ENOTSUP)
			*e = again; /* that is why */
		if (read != 0)
			break;
	}
	if (state_right(&r->state))
		return 0;
	if (k < 0 && first && wanted_any(&r->wanted))
		take_back(r);
	return k;
}
