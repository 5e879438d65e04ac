#include <errno.h>

#include "netconf/iptables-rules.h"
#include "netconf/render.h"
#include "netconf/ruleset.h"
#include "netconf/seen.h"
#include "netconf/xtables.h"

static int note_left_out(const struct plan *p, const char *why, struct err *e)
{
	int r = buf_printf(p->notes, "rules for IPv6 left out: %s\n", why);

	return r < 0 ? err_set(e, r, "note") : 0;
}

static int note_assumed(const struct plan *p, enum family f, struct err *e)
{
	int r = buf_printf(p->notes, "rules for %s not compared: a table holds rules made with nft that iptables cannot read; all "
			   "our chains are there\n", family_name(f));

	return r < 0 ? err_set(e, r, "note") : 0;
}

/* The families whose rules can be made here; IPv4 must be one of them. Read and compared on return. */
static int read_all(const struct plan *p, struct ruleset sets[FAMILIES], size_t *ret_n, struct err *e)
{
	int r = 0;

	*ret_n = 0;
	for (enum family f = 0; r >= 0 && f < FAMILIES; f++) {
		struct ruleset *set = &sets[*ret_n];

		if (f == FAMILY_IPV6 && !p->ipv6)
			return note_left_out(p, "the kernel runs without IPv6", e);
		*set = (struct ruleset) { .family = f };
		rules_wanted(&p->nc, f, WORDS_IPTABLES, &set->wanted);
		r = ruleset_read(set, e);
		if (r == 0 && set->assumed)
			r = note_assumed(p, f, e);
		if (r == 0)
			(*ret_n)++;
		else if (r == RULESET_ABSENT && f == FAMILY_IPV4)
			return err_say(e, -ENOENT, "run 'iptables-save': not found (package %s)", p->packages.iptables);
	}
	if (r != RULESET_ABSENT)
		return r;
	return buf_printf(p->notes, "rules for IPv6 left out: ip6tables-save not found (package %s)\n", p->packages.iptables);
}

static const char *const seen_files[FAMILIES] = { [FAMILY_IPV4] = SEEN_EXTENSIONS "4", [FAMILY_IPV6] = SEEN_EXTENSIONS "6" };

/*
 * All questions come before the first change; where nothing is to be changed, none is asked. Answers stay good for as long as
 * extensions and kernel are the same.
 */
static int check_once(const struct plan *p, const struct wanted *const change[FAMILIES], struct err *e)
{
	const struct wanted *ask[FAMILIES] = { NULL };
	uint64_t fingerprint[FAMILIES];
	int r;

	for (enum family f = 0; f < FAMILIES; f++) {
		fingerprint[f] = change[f] ? seen_extensions(f, change[f]) : 0;
		if (change[f] && (fingerprint[f] == 0 || !seen_is(p->root, seen_files[f], fingerprint[f])))
			ask[f] = change[f];
	}
	r = ask[FAMILY_IPV4] || ask[FAMILY_IPV6] ? xtables_check(ask, &p->packages, e) : 0;
	for (enum family f = 0; r == 0 && f < FAMILIES; f++)
		if (ask[f] && fingerprint[f])
			seen_keep(p->root, seen_files[f], fingerprint[f]);
	return r;
}

static int change_each(const struct plan *p, struct ruleset *sets, size_t n, struct err *e)
{
	int r = 0, changed = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (state_right(&sets[i].state))
			continue;
		r = ruleset_change(&sets[i], e);
		changed += r;
		if (r >= 0 && buf_printf(p->notes, "rules for %s made\n", family_name(sets[i].family)) < 0)
			r = err_set(e, -ENOMEM, "note");
	}
	return r < 0 ? r : changed;
}

static int change_all(const struct plan *p, struct ruleset *sets, size_t n, struct err *e)
{
	const struct wanted *change[FAMILIES] = { NULL };
	struct err why;
	int r;

	for (size_t i = 0; i < n; i++)
		if (!state_right(&sets[i].state))
			change[sets[i].family] = &sets[i].wanted;
	r = check_once(p, change, e);
	if (r < 0)
		return r;
	r = change_each(p, sets, n, e);
	/* A module that was unloaded since the questions were asked, for one: that says more. */
	if (r < 0 && xtables_check(change, &p->packages, &why) < 0)
		*e = why;
	return r;
}

static void done(struct ruleset sets[FAMILIES])
{
	for (size_t i = 0; i < FAMILIES; i++)
		ruleset_done(&sets[i]);
}

int iptables_rules_apply(const struct plan *p, struct err *e)
{
	struct ruleset sets[FAMILIES] = { 0 };
	size_t n;
	int r = read_all(p, sets, &n, e);

	if (r == 0)
		r = change_all(p, sets, n, e);
	done(sets);
	return r;
}

static int remove_family(const struct plan *p, enum family family, struct err *e)
{
	AUTO_RULESET set = { .family = family };
	int r = ruleset_read(&set, e);

	if (r == RULESET_ABSENT || (r == 0 && state_right(&set.state)))
		return 0;
	if (r == 0)
		r = ruleset_change(&set, e);
	if (r >= 0 && buf_printf(p->notes, "rules for %s removed from iptables\n", family_name(family)) < 0)
		r = err_set(e, -ENOMEM, "note");
	return r < 0 ? r : 0;
}

int iptables_rules_remove(const struct plan *p, struct err *e)
{
	struct err second;
	int first = remove_family(p, FAMILY_IPV4, e), r = p->ipv6 ? remove_family(p, FAMILY_IPV6, &second) : 0;

	if (first == 0 && r < 0)
		*e = second;
	return first < 0 ? first : r;
}

int iptables_rules_report(const struct plan *p, struct buf *out, struct err *e)
{
	struct ruleset sets[FAMILIES] = { 0 };
	size_t n;
	int r = read_all(p, sets, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = state_report(&sets[i].wanted, &sets[i].state, buf_view(&sets[i].saved), sets[i].family, out);
		if (r < 0)
			(void) err_set(e, r, "report %s rules", family_name(sets[i].family));
	}
	done(sets);
	return r;
}

int iptables_rules_show(const struct plan *p, struct buf *out, struct err *e)
{
	struct view nothing = { "", 0 };
	int r = 0;

	for (enum family f = 0; r == 0 && f < FAMILIES && (f != FAMILY_IPV6 || p->ipv6); f++) {
		struct wanted wanted;
		struct state state;

		rules_wanted(&p->nc, f, WORDS_IPTABLES, &wanted);
		reconcile(&wanted, nothing, &state);
		r = buf_printf(out, "# %s --noflush\n", f == FAMILY_IPV6 ? "ip6tables-restore" : "iptables-restore");
		if (r == 0)
			r = render_changes(&wanted, &state, nothing, out);
	}
	return r < 0 ? err_set(e, r, "render rules") : 0;
}
