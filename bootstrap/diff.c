#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/diff.h"

enum { AROUND = 3, CELLS_MAX = 4 << 20 };

struct lines {
	struct view *line; /* with their ends, so that one without is another line */
	size_t       n;
};

static void lines_done(struct lines *l)
{
	free(l->line);
}

/* One step of the way from old to new. */
struct edit {
	char        mark; /* ' ', '-' or '+' */
	struct view line;
};

struct script {
	struct edit *edit;
	size_t       n;
};

static void script_done(struct script *s)
{
	free(s->edit);
}

static int split(struct view text, struct lines *ret)
{
	size_t n = 0;

	for (struct view rest = text; rest.len > 0; n++)
		(void) view_cut(&rest, '\n');
	ret->line = calloc(n + 1, sizeof *ret->line);
	if (!ret->line)
		return -ENOMEM;
	while (text.len > 0) {
		const char *begin = text.p;

		(void) view_cut(&text, '\n');
		ret->line[ret->n++] = (struct view) { begin, (size_t) (text.p - begin) };
	}
	return 0;
}

static bool same(struct view a, struct view b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static void put(struct script *s, char mark, struct view line)
{
	s->edit[s->n++] = (struct edit) { mark, line };
}

/* The table of the longest common subsequence: cell i, j is that of the lines from i and from j on. */
static int align(const struct view *a, size_t na, const struct view *b, size_t nb, struct script *s)
{
	size_t width = nb + 1, i = 0, j = 0;
	uint32_t *longest = na * nb <= CELLS_MAX ? calloc((na + 1) * width, sizeof *longest) : NULL;

	if (!longest && na * nb <= CELLS_MAX)
		return -ENOMEM;
	for (i = longest ? na : 0; i-- > 0;) {
		for (j = nb; j-- > 0;) {
			uint32_t down = longest[(i + 1) * width + j], right = longest[i * width + j + 1];

			longest[i * width + j] = same(a[i], b[j]) ? longest[(i + 1) * width + j + 1] + 1 : down > right ? down : right;
		}
	}
	for (i = 0, j = 0; i < na || j < nb;) {
		if (longest && i < na && j < nb && same(a[i], b[j])) {
			put(s, ' ', a[i++]);
			j++;
		} else if (i < na && (!longest || j == nb || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
			put(s, '-', a[i++]);
		} else {
			put(s, '+', b[j++]);
		}
	}
	free(longest);
	return 0;
}

/* Equal lines at both ends need no table. */
static int compare(const struct lines *a, const struct lines *b, struct script *s)
{
	size_t head = 0, tail = 0;
	int r;

	s->edit = calloc(a->n + b->n + 1, sizeof *s->edit);
	if (!s->edit)
		return -ENOMEM;
	while (head < a->n && head < b->n && same(a->line[head], b->line[head]))
		put(s, ' ', a->line[head++]);
	while (tail < a->n - head && tail < b->n - head && same(a->line[a->n - 1 - tail], b->line[b->n - 1 - tail]))
		tail++;
	r = align(a->line + head, a->n - head - tail, b->line + head, b->n - head - tail, s);
	for (size_t i = a->n - tail; r == 0 && i < a->n; i++)
		put(s, ' ', a->line[i]);
	return r;
}

static int add_edit(const struct edit *e, show_line_fn *show, struct buf *b)
{
	struct view line = e->line;
	bool ended = line.len > 0 && line.p[line.len - 1] == '\n';
	int r = buf_printf(b, "%c", e->mark);

	line.len -= ended;
	if (r == 0)
		r = show(line, b);
	return r < 0 ? r : buf_printf(b, "\n%s", ended ? "" : "\\ No newline at end of file\n");
}

/* "12,3": from where and how many; of none, diff names the line before. */
static int add_range(struct buf *b, char mark, size_t from, size_t n)
{
	if (n == 1)
		return buf_printf(b, " %c%zu", mark, from + 1);
	return buf_printf(b, " %c%zu,%zu", mark, n > 0 ? from + 1 : from, n);
}

/* Edits from..to as one hunk; *old and *new are the lines that are behind from, and then those behind to. */
static int add_hunk(const struct script *s, size_t from, size_t to, size_t *old, size_t *new, show_line_fn *show, struct buf *b)
{
	size_t gone = 0, came = 0;
	int r;

	for (size_t i = from; i < to; i++) {
		gone += s->edit[i].mark != '+';
		came += s->edit[i].mark != '-';
	}
	r = buf_add(b, "@@", 2);
	if (r == 0)
		r = add_range(b, '-', *old, gone);
	if (r == 0)
		r = add_range(b, '+', *new, came);
	if (r == 0)
		r = buf_add(b, " @@\n", 4);
	for (size_t i = from; r == 0 && i < to; i++)
		r = add_edit(&s->edit[i], show, b);
	*old += gone;
	*new += came;
	return r;
}

/* Where the hunk around a change ends: in a run of equal lines that is too long to be context of two changes. */
static size_t hunk_end(const struct script *s, size_t change)
{
	size_t equal = 0, i = change;

	for (; i < s->n && equal <= 2 * AROUND; i++)
		equal = s->edit[i].mark == ' ' ? equal + 1 : 0;
	return equal > AROUND ? i - (equal - AROUND) : i;
}

int diff_unified(struct view before, struct view after, const char *old_name, const char *new_name, show_line_fn *show, struct buf *b)
{
	CLEANUP(lines_done) struct lines old = { .n = 0 }, new = { .n = 0 };
	CLEANUP(script_done) struct script s = { .n = 0 };
	size_t old_at = 0, new_at = 0;
	bool named = false;
	int r = split(before, &old);

	if (r == 0)
		r = split(after, &new);
	if (r == 0)
		r = compare(&old, &new, &s);
	for (size_t i = 0, shown = 0; r == 0 && i < s.n; i++) {
		size_t from;

		if (s.edit[i].mark == ' ')
			continue;
		from = i < shown + AROUND ? shown : i - AROUND;
		old_at += from - shown;
		new_at += from - shown;
		if (!named)
			r = buf_printf(b, "--- %s\n+++ %s\n", old_name, new_name);
		named = true;
		shown = hunk_end(&s, i);
		if (r == 0)
			r = add_hunk(&s, from, shown, &old_at, &new_at, show, b);
		i = shown - 1;
	}
	return r;
}
