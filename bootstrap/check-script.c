#include <string.h>

#include "bootstrap/checks.h"

enum { WORDS_MAX = 24 };

static bool is_hook(const struct part *p)
{
	return view_is_nocase(p->type, TYPE_BOOTHOOK);
}

/* A boothook may say what it is in a line of its own, which is taken away together with blank lines before it is run. */
static void check_interpreter(struct check *c, const struct part *p)
{
	struct view text = p->handed, line;
	unsigned number = 1;

	if (is_hook(p) && view_starts(text, "#cloud-boothook")) {
		(void) view_line(&text, &line);
		number++;
	}
	if (is_hook(p))
		text = view_trim(text);
	if (view_starts(text, "#!"))
		return;
	if (is_hook(p))
		remark_add(&c->found, REMARK_HOOK_NO_INTERPRETER, spot_in(p, number, 0), "this boothook does not begin with '#!'");
	else if (view_starts(view_trim(text), "#!"))
		remark_add(&c->found, REMARK_SPACE_BEFORE, spot_in(p, 1, 1), "blanks stand before '#!'");
	else
		remark_add(&c->found, REMARK_NO_INTERPRETER, spot_in(p, 1, 0), "this script does not begin with '#!'");
}

/* The words of a line up to the end of its first command. */
static size_t split(struct view line, struct view words[WORDS_MAX])
{
	size_t n = 0;

	line = view_trim(line);
	while (line.len > 0 && n < WORDS_MAX) {
		struct view word = view_cut(&line, ' ');

		word = view_trim(word);
		if (word.len > 0)
			words[n++] = word;
		line = view_trim(line);
	}
	return n;
}

static bool is_one_of(struct view word, const char *const *list)
{
	for (; *list; list++)
		if (view_is(word, *list))
			return true;
	return false;
}

struct command {
	bool starts, now, enables, waits, ours;
};

/* Whether the word ends its command; "&" alone means that nobody waits for it. */
static bool cut_separator(struct view *word, bool *waits)
{
	size_t n = 0;

	while (n < word->len && strchr(";&|", word->p[word->len - n - 1]))
		n++;
	if (n == 1 && word->p[word->len - 1] == '&')
		*waits = false;
	word->len -= n;
	return n > 0;
}

/* What `systemctl …` in words[0…] would do. */
static struct command read_systemctl(const struct view *words, size_t n)
{
	static const char *const starts[] = { "start", "restart", "reload-or-restart", "try-restart", NULL };
	static const char *const ours[] = { "ecs", "ecs.service", "docker", "docker.service", NULL };
	struct command cmd = { .waits = true };

	for (size_t i = 0; i < n; i++) {
		struct view word = words[i];
		bool last;

		last = cut_separator(&word, &cmd.waits);
		cmd.starts = cmd.starts || is_one_of(word, starts);
		cmd.enables = cmd.enables || view_is(word, "enable");
		cmd.now = cmd.now || view_is(word, "--now");
		cmd.waits = cmd.waits && !view_is(word, "--no-block");
		cmd.ours = cmd.ours || is_one_of(word, ours);
		if (last)
			break;
	}
	return cmd;
}

static void check_command(struct check *c, const struct part *p, const struct view *words, size_t n, struct spot at)
{
	struct command cmd = read_systemctl(words, n);

	if (!cmd.ours || !cmd.waits || !(cmd.starts || (cmd.enables && cmd.now)))
		return;
	if (is_hook(p))
		remark_add(&c->found, REMARK_START_IN_HOOK, at, "a boothook waits for a service to start");
	else
		remark_add(&c->found, REMARK_START_IN_SCRIPT, at, "a script starts a service and waits for it");
}

static bool is_program(struct view word, const char *name)
{
	size_t n = strlen(name);

	return view_is(word, name) || (word.len > n && word.p[word.len - n - 1] == '/' && memcmp(word.p + word.len - n, name, n) == 0);
}

static void check_line(struct check *c, const struct part *p, struct view line, unsigned number)
{
	struct view words[WORDS_MAX] = { { "", 0 } };
	size_t n = split(line, words);

	if (n == 0 || words[0].p[0] == '#')
		return;
	for (size_t i = 0; i < n; i++) {
		struct spot at = spot_in(p, number, (unsigned) (words[i].p - line.p) + 1);

		if (is_program(words[i], "systemctl"))
			check_command(c, p, words + i + 1, n - i - 1, at);
	}
	if (n >= 2 && (view_is(words[0], "start") || view_is(words[0], "restart") || view_is(words[0], "initctl")) && view_is(words[n > 2 ? 2 : 1], "ecs"))
		remark_add(&c->found, REMARK_UPSTART, spot_in(p, number, 1), "'%s' is a command of upstart", view_is(words[0], "initctl") ? "initctl" : "start");
}

void check_script(struct check *c, const struct part *p)
{
	struct view rest = p->handed, line;
	unsigned number = 0;

	check_interpreter(c, p);
	if (memchr(rest.p, '\r', rest.len) && !memchr(rest.p, '\n', rest.len))
		remark_add(&c->found, REMARK_CR_LINES, spot_in(p, 1, 0), "the lines of this script end in CR alone");
	while (view_line(&rest, &line))
		check_line(c, p, line, ++number);
}
