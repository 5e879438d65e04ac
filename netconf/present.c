#include <string.h>

#include "netconf/present.h"

static bool same_view(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* iptables-nft says: # Table `filter' is incompatible, use 'nft' tool. */
static bool unreadable_table(struct view line, struct view *ret_table)
{
	static const char start[] = "# Table `", end[] = "is incompatible";
	struct view name;

	if (!view_starts(line, start))
		return false;
	line.p += sizeof start - 1;
	line.len -= sizeof start - 1;
	name = view_cut(&line, '\'');
	if (!view_starts(view_trim(line), end))
		return false;
	*ret_table = name;
	return true;
}

static enum present_kind classify(struct present *at, struct view line, struct present_line *ret)
{
	if (unreadable_table(line, &ret->table))
		return PRESENT_UNREADABLE;
	if (view_starts(line, "*"))
		at->table = (struct view) { line.p + 1, line.len - 1 };
	ret->table = at->table;
	if (view_starts(line, ":")) {
		line = (struct view) { line.p + 1, line.len - 1 };
		ret->chain = rule_word(&line);
		return PRESENT_CHAIN;
	}
	if (view_starts(line, "-A ")) {
		line = (struct view) { line.p + 3, line.len - 3 };
		ret->chain = rule_word(&line);
		ret->text = view_trim(line);
		return PRESENT_RULE;
	}
	return PRESENT_END;
}

enum present_kind present_next(struct present *at, struct present_line *ret)
{
	struct view line;

	while (view_line(&at->rest, &line)) {
		struct present_line found = { .text = { "", 0 } };
		enum present_kind kind = classify(at, view_trim(line), &found);

		if (kind != PRESENT_END) {
			*ret = found;
			return kind;
		}
	}
	return PRESENT_END;
}

struct view rule_word(struct view *rest)
{
	struct view word = { rest->p, 0 };
	bool quoted = false;

	while (rest->len > 0 && rest->p[0] == ' ') {
		rest->p++;
		rest->len--;
	}
	word.p = rest->p;
	while (word.len < rest->len && (quoted || word.p[word.len] != ' ')) {
		if (word.p[word.len] == '"')
			quoted = !quoted;
		else if (quoted && word.p[word.len] == '\\' && word.len + 1 < rest->len)
			word.len++;
		word.len++;
	}
	rest->p += word.len;
	rest->len -= word.len;
	return word;
}

bool rule_same(struct view a, struct view b)
{
	struct view in_a, in_b;

	do {
		in_a = rule_word(&a);
		in_b = rule_word(&b);
		if (!same_view(in_a, in_b))
			return false;
	} while (in_a.len > 0);
	return true;
}

struct view rule_target(struct view rule)
{
	struct view word;

	while ((word = rule_word(&rule)).len > 0)
		if (view_is(word, "-j") || view_is(word, "-g"))
			return rule_word(&rule);
	return word;
}
