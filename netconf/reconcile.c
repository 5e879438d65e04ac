#include <stdio.h>
#include <string.h>

#include "netconf/present.h"
#include "netconf/reconcile.h"

enum own_chain own_chain_find(struct view table, struct view name)
{
	enum own_chain c = 0;

	while (c < OWN_CHAINS && (!view_is(table, own_chains[c].table) || !view_is(name, own_chains[c].name)))
		c++;
	return c;
}

static bool plain_jump(const struct present_line *line, const struct chain *to)
{
	char jump[64];

	snprintf(jump, sizeof jump, "-j %s", to->name);
	return view_is(line->chain, to->hook) && rule_same(line->text, view_of(jump));
}

static void count_reference(struct state *s, const struct present_line *line)
{
	enum own_chain to = own_chain_find(line->table, rule_target(line->text));

	if (to == OWN_CHAINS)
		return;
	if (plain_jump(line, &own_chains[to]))
		s->chain[to].jumps++;
	else
		s->chain[to].strays++;
}

/* seen[c]: how many rules of chain c passed by so far, all of them as wanted while `same` holds. */
static void compare_rule(const struct wanted *w, struct state *s, size_t *seen, const struct present_line *line)
{
	enum own_chain in = own_chain_find(line->table, line->chain);
	const struct wanted_chain *c;

	if (in == OWN_CHAINS)
		return;
	c = &w->chain[in];
	if (seen[in] >= c->n || !rule_same(line->text, view_of(c->rule[seen[in]])))
		s->chain[in].same = false;
	seen[in]++;
}

/* mangle is needed for one rule only, and most hosts do not ask for it. */
static bool needed(const struct wanted *w, struct view table)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (view_is(table, own_chains[c].table) && (c != OWN_FORWARD || w->chain[c].n > 0))
			return true;
	return false;
}

void reconcile(const struct wanted *wanted, struct view saved, struct state *ret)
{
	struct present at = { .rest = saved };
	size_t seen[OWN_CHAINS] = { 0 };
	struct present_line line;
	enum present_kind kind;
	enum own_chain c;

	memset(ret, 0, sizeof *ret);
	for (c = 0; c < OWN_CHAINS; c++)
		ret->chain[c] = (struct chain_state) { .wanted = wanted->chain[c].n > 0, .same = true };
	while ((kind = present_next(&at, &line)) != PRESENT_END) {
		if (kind == PRESENT_UNREADABLE && needed(wanted, line.table))
			ret->unreadable = line.table;
		if (kind == PRESENT_CHAIN && (c = own_chain_find(line.table, line.chain)) < OWN_CHAINS)
			ret->chain[c].present = true;
		if (kind == PRESENT_RULE) {
			count_reference(ret, &line);
			compare_rule(wanted, ret, seen, &line);
		}
	}
	for (c = 0; c < OWN_CHAINS; c++)
		ret->chain[c].same = ret->chain[c].same && seen[c] == wanted->chain[c].n;
}

bool jump_right(const struct chain_state *c)
{
	return c->jumps == (c->wanted ? 1 : 0) && c->strays == 0;
}

bool chain_right(const struct chain_state *c)
{
	return c->wanted ? c->present && c->same && jump_right(c) : !c->present;
}

bool state_right(const struct state *s)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (!chain_right(&s->chain[c]))
			return false;
	return true;
}

static bool is_present(struct view saved, enum own_chain chain, const char *rule)
{
	struct present at = { .rest = saved };
	struct present_line line;
	enum present_kind kind;

	while ((kind = present_next(&at, &line)) != PRESENT_END)
		if (kind == PRESENT_RULE && own_chain_find(line.table, line.chain) == chain &&
		    rule_same(line.text, view_of(rule)))
			return true;
	return false;
}

static bool is_wanted(const struct wanted_chain *c, struct view rule)
{
	for (size_t i = 0; i < c->n; i++)
		if (rule_same(rule, view_of(c->rule[i])))
			return true;
	return false;
}

static int report_missing(const struct wanted_chain *w, enum own_chain c, struct view saved, const char *family,
			  struct buf *out, bool *said)
{
	for (size_t i = 0; i < w->n; i++) {
		int r;

		if (is_present(saved, c, w->rule[i]))
			continue;
		*said = true;
		r = buf_printf(out, "%s: missing: -t %s -A %s %s\n", family, own_chains[c].table, own_chains[c].name,
			       w->rule[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int report_surplus(const struct wanted_chain *w, enum own_chain c, struct view saved, const char *family,
			  struct buf *out, bool *said)
{
	struct present at = { .rest = saved };
	struct present_line line;
	enum present_kind kind;
	int r = 0;

	while (r == 0 && (kind = present_next(&at, &line)) != PRESENT_END) {
		if (kind != PRESENT_RULE || own_chain_find(line.table, line.chain) != c || is_wanted(w, line.text))
			continue;
		*said = true;
		r = buf_printf(out, "%s: surplus: -t %s -A %s %.*s\n", family, own_chains[c].table, own_chains[c].name,
			       VIEW_ARG(line.text, (size_t) RULE_TEXT_MAX));
	}
	return r;
}

static int report_rules(const struct wanted_chain *w, enum own_chain c, struct view saved, const char *family,
			struct buf *out)
{
	bool said = false;
	int r = report_missing(w, c, saved, family, out, &said);

	if (r == 0)
		r = report_surplus(w, c, saved, family, out, &said);
	if (r == 0 && !said)
		r = buf_printf(out, "%s: wrong order or doubled: rules of -t %s %s\n", family, own_chains[c].table,
			       own_chains[c].name);
	return r;
}

static int report_chain(const struct wanted_chain *w, const struct chain_state *s, enum own_chain c, struct view saved,
			const char *family, struct buf *out)
{
	const struct chain *own = &own_chains[c];
	int r = 0;

	if (s->wanted && !s->present)
		r = buf_printf(out, "%s: missing: chain -t %s %s\n", family, own->table, own->name);
	else if (!s->wanted && s->present)
		r = buf_printf(out, "%s: surplus: chain -t %s %s\n", family, own->table, own->name);
	if (r == 0 && s->wanted && !s->same)
		r = report_rules(w, c, saved, family, out);
	if (r == 0 && s->wanted && s->jumps == 0)
		r = buf_printf(out, "%s: missing: -t %s -A %s -j %s\n", family, own->table, own->hook, own->name);
	if (r == 0 && s->wanted && s->jumps > 1)
		r = buf_printf(out, "%s: surplus (%u): -t %s -A %s -j %s\n", family, s->jumps - 1, own->table,
			       own->hook, own->name);
	if (r == 0 && s->wanted && s->strays > 0)
		r = buf_printf(out, "%s: surplus (%u): other jumps into -t %s %s\n", family, s->strays, own->table,
			       own->name);
	return r;
}

int state_report(const struct wanted *wanted, const struct state *s, struct view saved, enum family family,
		 struct buf *out)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++) {
		int r = chain_right(&s->chain[c])
				? 0
				: report_chain(&wanted->chain[c], &s->chain[c], c, saved, family_name(family), out);

		if (r < 0)
			return r;
	}
	return 0;
}
