/* Whatever iptables-save prints: it is read within bounds, and what is rendered from it ends each table it begins. */
#include <string.h>

#include "netconf/present.h"
#include "netconf/render.h"
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

static void walk(struct view saved)
{
	struct present at = { .rest = saved };
	struct present_line line;
	size_t lines = 0;

	while (present_next(&at, &line) != PRESENT_END) {
		need(++lines <= saved.len);
		need(inside(line.table, saved) && inside(line.chain, saved) && inside(line.text, saved));
		need(inside(rule_target(line.text), line.text));
		need(rule_same(line.text, line.text));
	}
}

/* One line for each command, and no table is left open: half of a broken text must not be taken for a whole one. */
static void check_changes(struct view changes)
{
	struct view line;
	bool open = false;

	while (view_line(&changes, &line)) {
		need(line.len > 0 && strchr("*:-C", line.p[0]));
		if (line.p[0] == '*')
			open = true;
		need(open);
		if (view_is(line, "COMMIT"))
			open = false;
	}
	need(!open);
}

static void make(const struct wanted *w, struct view saved)
{
	AUTO_BUF changes = { .limit = 0 };
	AUTO_BUF report = { .limit = 0 };
	struct state s;

	reconcile(w, saved, &s);
	if (render_changes(w, &s, saved, &changes) < 0 || state_report(w, &s, saved, FAMILY_IPV4, &report) < 0)
		return;
	check_changes(buf_view(&changes));
	need(state_right(&s) == (changes.len == 0));
	need(state_right(&s) == (report.len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct netconf nc = { .bridge = "docker0" };
	static const struct wanted none;
	struct view saved = { (const char *) data, len };
	struct wanted w;

	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	walk(saved);
	make(&w, saved);
	make(&none, saved);
	return 0;
}
