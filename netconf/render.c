#include <string.h>

#include "netconf/present.h"
#include "netconf/render.h"

/* The filter comes before the redirections: nothing is opened before what closes the rest is there. */
static const char *const tables[] = { "filter", "mangle", "nat" };

static bool in_table(enum own_chain c, const char *table)
{
	return strcmp(own_chains[c].table, table) == 0;
}

static bool table_right(const struct state *s, const char *table)
{
	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (in_table(c, table) && !chain_right(&s->chain[c]))
			return false;
	return true;
}

/* ":CHAIN -" makes the chain, or empties it if it is there. */
static int render_chains(const struct state *s, const char *table, struct buf *out)
{
	int r = buf_printf(out, "*%s\n", table);

	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		if (r == 0 && in_table(c, table) && (s->chain[c].wanted || s->chain[c].present))
			r = buf_printf(out, ":%s - [0:0]\n", own_chains[c].name);
	return r;
}

/*
 * If there is one jump too many, or one of another kind, all go and a single new one comes: then it stands where it
 * should. Jumps inside our own chains went when those were emptied.
 */
static int render_deletions(const struct state *s, const char *table, struct view saved, struct buf *out)
{
	struct present at = { .rest = saved };
	struct present_line line;
	enum present_kind kind;
	int r = 0;

	while (r == 0 && (kind = present_next(&at, &line)) != PRESENT_END) {
		enum own_chain to;

		if (kind != PRESENT_RULE || !view_is(line.table, table))
			continue;
		to = own_chain_find(line.table, rule_target(line.text));
		if (to == OWN_CHAINS || jump_right(&s->chain[to]) ||
		    own_chain_find(line.table, line.chain) != OWN_CHAINS)
			continue;
		r = buf_printf(out, "-D %.*s %.*s\n", VIEW_ARG(line.chain, line.chain.len),
			       VIEW_ARG(line.text, line.text.len));
	}
	return r;
}

static int render_rules(const struct wanted *w, const char *table, struct buf *out)
{
	int r = 0;

	for (enum own_chain c = 0; c < OWN_CHAINS; c++)
		for (size_t i = 0; r == 0 && in_table(c, table) && i < w->chain[c].n; i++)
			r = buf_printf(out, "-A %s %s\n", own_chains[c].name, w->chain[c].rule[i]);
	return r;
}

static int render_jumps(const struct state *s, const char *table, struct buf *out)
{
	int r = 0;

	for (enum own_chain c = 0; c < OWN_CHAINS; c++) {
		const struct chain *own = &own_chains[c];

		if (!in_table(c, table))
			continue;
		if (r == 0 && s->chain[c].wanted && !jump_right(&s->chain[c]))
			r = buf_printf(out, "%s %s -j %s\n", own->first ? "-I" : "-A", own->hook, own->name);
		if (r == 0 && !s->chain[c].wanted && s->chain[c].present)
			r = buf_printf(out, "-X %s\n", own->name);
	}
	return r;
}

int render_changes(const struct wanted *wanted, const struct state *s, struct view saved, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(tables); i++) {
		if (table_right(s, tables[i]))
			continue;
		r = render_chains(s, tables[i], out);
		if (r == 0)
			r = render_deletions(s, tables[i], saved, out);
		if (r == 0)
			r = render_rules(wanted, tables[i], out);
		if (r == 0)
			r = render_jumps(s, tables[i], out);
		if (r == 0)
			r = buf_printf(out, "COMMIT\n");
	}
	return r;
}
