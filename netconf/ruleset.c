#include <errno.h>

#include "netconf/iptables.h"
#include "netconf/render.h"
#include "netconf/ruleset.h"

enum { TRIES = 3 };

void ruleset_done(struct ruleset *r)
{
	buf_done(&r->saved);
}

int ruleset_read(struct ruleset *r, struct err *e)
{
	int k;

	buf_clear(&r->saved);
	k = iptables_save(r->family, &r->saved, e);
	if (k == IPTABLES_ABSENT)
		return RULESET_ABSENT;
	if (k < 0)
		return err_wrap(e, "read %s rules", family_name(r->family));
	reconcile(&r->wanted, buf_view(&r->saved), &r->state);
	if (r->state.unreadable.len > 0)
		return err_say(e, -ENOTSUP,
			       "read %s rules: table '%.*s' holds rules made with nft that iptables cannot read",
			       family_name(r->family), VIEW_ARG(r->state.unreadable, (size_t) 32));
	return 0;
}

static int change_once(const struct ruleset *r, struct err *e)
{
	AUTO_BUF input = { .limit = 0 };
	int k = render_changes(&r->wanted, &r->state, buf_view(&r->saved), &input);

	if (k < 0)
		return err_set(e, k, "render %s rules", family_name(r->family));
	k = iptables_restore(r->family, buf_view(&input), e);
	return k < 0 ? err_wrap(e, "change %s rules", family_name(r->family)) : 0;
}

int ruleset_change(struct ruleset *r, struct err *e)
{
	int k = 0;

	for (int tries = 0; tries < TRIES; tries++) {
		if (state_right(&r->state))
			return 0;
		k = change_once(r, e);
		if (k == 0)
			return 0;
		if (tries + 1 < TRIES) {
			struct err again;
			int read = ruleset_read(r, &again);

			if (read != 0)
				return k;
		}
	}
	return k;
}
