#include <stdbool.h>

#include "bootstrap/render.h"

struct lines {
	struct buf *b;
	unsigned    n;
};

static int add_line(void *ctx, const char *name, const char *value)
{
	struct lines *l = ctx;

	l->n++;
	return buf_printf(l->b, "%s=%s\n", name, value);
}

int render_agent(const struct settings *s, struct buf *b, unsigned *ret_lines)
{
	struct lines l = { .b = b };
	int r = settings_each_agent(s, add_line, &l);

	*ret_lines = l.n;
	return r;
}

static bool is_begin(struct view line)
{
	return view_starts(line, "# BEGIN ecs-bootstrap");
}

static bool is_end(struct view line)
{
	return view_starts(line, BLOCK_END);
}

/* Moves *rest behind the block that starts at its first line. false: it has no end, only the first line is passed over. */
static bool skip_block(struct view *rest)
{
	struct view after, line;

	(void) view_line(rest, &line);
	after = *rest;
	while (view_line(&after, &line) && !is_begin(line)) {
		if (is_end(line)) {
			*rest = after;
			return true;
		}
	}
	return false;
}

int render_config(struct view old, struct view lines, struct buf *b)
{
	int r = 0, outcome = 0;

	if (lines.len > 0)
		r = buf_printf(b, "%s\n%.*s%s\n", BLOCK_BEGIN, VIEW_ARG(lines, (size_t) BUF_DEFAULT_LIMIT), BLOCK_END);
	while (r == 0 && old.len > 0) {
		struct view rest = old, line;

		(void) view_line(&rest, &line);
		if (is_begin(line)) {
			if (!skip_block(&old))
				outcome = RENDER_UNCLOSED;
			continue;
		}
		r = buf_add(b, old.p, (size_t) (rest.p - old.p));
		old = rest;
	}
	return r < 0 ? r : outcome;
}
