#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "netconf/present.h"
#include "netconf/render.h"

/* A stand-in for iptables-restore --noflush: chains and rules of all tables as text lines. */
struct model {
	struct line {
		char table[16], chain[32], rule[200]; /* rule empty: the chain itself */
	} line[64];
	size_t n;
};

static void line_insert(struct model *m, size_t at, const char *table, struct view chain, struct view rule)
{
	assert_true(m->n < sizeof m->line / sizeof *m->line);
	memmove(&m->line[at + 1], &m->line[at], (m->n - at) * sizeof *m->line);
	m->n++;
	snprintf(m->line[at].table, sizeof m->line[at].table, "%s", table);
	snprintf(m->line[at].chain, sizeof m->line[at].chain, "%.*s", VIEW_ARG(chain, chain.len));
	snprintf(m->line[at].rule, sizeof m->line[at].rule, "%.*s", VIEW_ARG(rule, rule.len));
}

static void line_delete(struct model *m, size_t at)
{
	memmove(&m->line[at], &m->line[at + 1], (m->n - at - 1) * sizeof *m->line);
	m->n--;
}

/* The place of the chain itself (rule ""), or of its first rule like this; m->n if there is none. */
static size_t line_find(const struct model *m, const char *table, struct view chain, struct view rule)
{
	size_t i = 0;

	while (i < m->n && (strcmp(m->line[i].table, table) != 0 || !view_is(chain, m->line[i].chain) ||
			    (rule.len == 0) != (m->line[i].rule[0] == '\0') ||
			    !rule_same(rule, view_of(m->line[i].rule))))
		i++;
	return i;
}

static void chain_flush(struct model *m, const char *table, struct view chain)
{
	for (size_t i = m->n; i-- > 0;)
		if (strcmp(m->line[i].table, table) == 0 && view_is(chain, m->line[i].chain) && m->line[i].rule[0])
			line_delete(m, i);
}

/* As in the kernel: a chain that is not empty, or that rules lead into, cannot be removed. */
static void chain_remove(struct model *m, const char *table, struct view chain)
{
	for (size_t i = 0; i < m->n; i++) {
		struct view target = rule_target(view_of(m->line[i].rule));

		if (strcmp(m->line[i].table, table) != 0 || m->line[i].rule[0] == '\0')
			continue;
		assert_false(view_is(chain, m->line[i].chain));
		assert_false(target.len == chain.len && memcmp(target.p, chain.p, chain.len) == 0);
	}
	line_delete(m, line_find(m, table, chain, (struct view) { "", 0 }));
}

static void restore_line(struct model *m, const char *table, struct view line)
{
	struct view nothing = { "", 0 }, verb = rule_word(&line), chain, rule;
	size_t at;

	if (verb.p[0] == ':') {
		chain = (struct view) { verb.p + 1, verb.len - 1 };
		if (line_find(m, table, chain, nothing) == m->n)
			line_insert(m, m->n, table, chain, nothing);
		chain_flush(m, table, chain);
		return;
	}
	chain = rule_word(&line);
	rule = view_trim(line);
	at = line_find(m, table, chain, nothing);
	assert_true(at < m->n); /* "No chain/target/match by that name" */
	if (view_is(verb, "-I"))
		line_insert(m, at + 1, table, chain, rule);
	else if (view_is(verb, "-A"))
		line_insert(m, m->n, table, chain, rule);
	else if (view_is(verb, "-X"))
		chain_remove(m, table, chain);
	else if (view_is(verb, "-D"))
		line_delete(m, line_find(m, table, chain, rule));
	else
		fail_msg("%.*s", VIEW_ARG(verb, verb.len));
}

static void restore(struct model *m, struct view text)
{
	char table[16] = "";
	struct view line;

	while (view_line(&text, &line)) {
		if (line.p[0] == '*')
			snprintf(table, sizeof table, "%.*s", (int) line.len - 1, line.p + 1);
		else if (view_is(line, "COMMIT"))
			table[0] = '\0';
		else
			restore_line(m, table, line);
	}
	assert_string_equal(table, ""); /* each table was committed */
}

static void save(const struct model *m, struct buf *out)
{
	static const char *const tables[] = { "filter", "mangle", "nat" };

	buf_clear(out);
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		assert_int_equal(buf_printf(out, "*%s\n", tables[t]), 0);
		for (size_t i = 0; i < m->n; i++) {
			const struct line *l = &m->line[i];
			int r = 0;

			if (strcmp(l->table, tables[t]) != 0)
				continue;
			if (l->rule[0])
				r = buf_printf(out, "-A %s %s\n", l->chain, l->rule);
			else
				r = buf_printf(out, ":%s - [0:0]\n", l->chain);
			assert_int_equal(r, 0);
		}
		assert_int_equal(buf_printf(out, "COMMIT\n"), 0);
	}
}

/* Makes the model as wanted and says whether anything had to be done. */
static bool settle(struct model *m, const struct wanted *w)
{
	AUTO_BUF saved = { .limit = 0 };
	AUTO_BUF changes = { .limit = 0 };
	struct state s;

	save(m, &saved);
	reconcile(w, buf_view(&saved), &s);
	assert_int_equal(render_changes(w, &s, buf_view(&saved), &changes), 0);
	assert_int_equal(state_right(&s), changes.len == 0);
	restore(m, buf_view(&changes));
	return changes.len > 0;
}

static const char host[] = "*filter\n:INPUT\n:FORWARD\n:DOCKER-USER\n-A INPUT -i lo -j ACCEPT\n"
			   "-A FORWARD -j DOCKER-USER\nCOMMIT\n*nat\n:PREROUTING\n:OUTPUT\n:DOCKER\n"
			   "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\nCOMMIT\n"
			   "*mangle\n:FORWARD\n-A FORWARD -j MARK\nCOMMIT\n";

/* What users, other programs and killed runs may have left; each is one bit of a number. */
static const char *const damage[] = {
	"*filter\n:ECS-INPUT\n-A INPUT -j ECS-INPUT\nCOMMIT\n",
	"*filter\n-A INPUT -j ECS-INPUT\n-A INPUT -j ECS-INPUT\nCOMMIT\n",
	"*filter\n-A FORWARD -m comment --comment \"a \\\"\" -g ECS-INPUT\n-A INPUT -i x -j ECS-INPUT\nCOMMIT\n",
	"*nat\n:ECS-OUTPUT\n:ECS-PREROUTING\n-A OUTPUT -j ECS-OUTPUT\n-A ECS-OUTPUT -j ECS-PREROUTING\nCOMMIT\n",
	"*nat\n-A ECS-PREROUTING -j RETURN\n-A OUTPUT -j ECS-OUTPUT\nCOMMIT\n",
	"*mangle\n:ECS-FORWARD\n-A ECS-FORWARD -j RETURN\n-A FORWARD -j ECS-FORWARD\n-A FORWARD -j ECS-FORWARD\nCOMMIT\n",
};

static void damaged_host(struct model *m, unsigned bits)
{
	memset(m, 0, sizeof *m);
	restore(m, view_of(host));
	if (bits & 1U << 1 || bits & 1U << 2)
		bits |= 1U << 0; /* jumps need the chain */
	if (bits & 1U << 4)
		bits |= 1U << 3;
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++)
		if (bits & 1U << i)
			restore(m, view_of(damage[i]));
}

static void assert_ours_gone_host_as_before(const struct model *m)
{
	struct model before;
	AUTO_BUF was = { .limit = 0 };
	AUTO_BUF is = { .limit = 0 };

	damaged_host(&before, 0);
	save(&before, &was);
	save(m, &is);
	assert_string_equal(is.p, was.p);
}

static void test_any_damage_is_mended_and_removed(void **state)
{
	const struct wanted none = { 0 };

	(void) state;
	for (unsigned bits = 0; bits < 1U << 6; bits++) {
		for (unsigned facts = 0; facts < 64; facts++) {
			struct netconf nc = { facts & 1 ? "docker0" : NULL, facts & 2, facts & 4, facts & 16, facts & 32 };
			struct wanted w;
			struct model m;

			rules_wanted(&nc, facts & 8 ? FAMILY_IPV6 : FAMILY_IPV4, WORDS_IPTABLES, &w);
			damaged_host(&m, bits);
			(void) settle(&m, &w);
			assert_false(settle(&m, &w)); /* once is enough */
			(void) settle(&m, &none);
			assert_false(settle(&m, &none));
			assert_ours_gone_host_as_before(&m);
			damaged_host(&m, bits);
			(void) settle(&m, &none);
			assert_ours_gone_host_as_before(&m);
		}
	}
}

static void test_jump_into_filter_goes_first(void **state)
{
	struct netconf nc = { .bridge = "docker0" };
	struct wanted w;
	struct model m;
	size_t input;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	damaged_host(&m, 1 | 2); /* three jumps, all behind the host's own rule */
	assert_true(settle(&m, &w));
	input = line_find(&m, "filter", view_of("INPUT"), view_of(""));
	assert_string_equal(m.line[input + 1].rule, "-j ECS-INPUT");
}

static void test_fresh_host(void **state)
{
	struct netconf nc = { .bridge = NULL };
	AUTO_BUF out = { .limit = 0 };
	struct wanted w;
	struct state s;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV6, WORDS_IPTABLES, &w);
	reconcile(&w, view_of(""), &s);
	assert_int_equal(render_changes(&w, &s, view_of(""), &out), 0);
	assert_string_equal(out.p, "*filter\n:ECS-INPUT - [0:0]\n"
				   "-A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP\n"
				   "-I INPUT -j ECS-INPUT\nCOMMIT\n");
}

static void test_filter_comes_before_what_it_guards(void **state)
{
	struct netconf nc = { .bridge = NULL };
	AUTO_BUF out = { .limit = 0 };
	struct wanted w;
	struct state s;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	reconcile(&w, view_of(""), &s);
	assert_int_equal(render_changes(&w, &s, view_of(""), &out), 0);
	assert_non_null(strstr(out.p, "*filter\n"));
	assert_true(strstr(out.p, "*filter\n") < strstr(out.p, "*nat\n"));
}

static void test_only_the_wrong_table_is_touched(void **state)
{
	struct netconf nc = { .bridge = "docker0" };
	AUTO_BUF saved = { .limit = 0 };
	AUTO_BUF out = { .limit = 0 };
	struct wanted w;
	struct state s;
	struct model m;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	damaged_host(&m, 0);
	(void) settle(&m, &w);
	chain_flush(&m, "nat", view_of("ECS-OUTPUT"));
	save(&m, &saved);
	reconcile(&w, buf_view(&saved), &s);
	assert_int_equal(render_changes(&w, &s, buf_view(&saved), &out), 0);
	assert_non_null(strstr(out.p, "*nat\n"));
	assert_null(strstr(out.p, "*filter\n"));
	assert_null(strstr(out.p, "-D ")); /* the jumps are right */
}

static void test_no_room(void **state)
{
	struct netconf nc = { .bridge = "docker0" };
	struct wanted w;
	struct state s;

	(void) state;
	rules_wanted(&nc, FAMILY_IPV4, WORDS_IPTABLES, &w);
	reconcile(&w, view_of(""), &s);
	for (size_t limit = 1; limit < 300; limit += 7) {
		AUTO_BUF out = { .limit = limit };

		assert_true(render_changes(&w, &s, view_of(""), &out) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_damage_is_mended_and_removed),
		cmocka_unit_test(test_jump_into_filter_goes_first),
		cmocka_unit_test(test_fresh_host),
		cmocka_unit_test(test_filter_comes_before_what_it_guards),
		cmocka_unit_test(test_only_the_wrong_table_is_touched),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
