#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/checks.h"

void check_freep(struct check **c)
{
	if (!*c)
		return;
	userdata_freep(&(*c)->u);
	free(*c);
	*c = NULL;
}

struct spot spot_at(const struct check *c, const char *at)
{
	struct line_count lines = { c->document, 1 };
	unsigned line = line_at(&lines, at);

	return (struct spot) { .line = line, .column = (unsigned) (at - lines.rest.p) + 1 };
}

struct spot spot_in(const struct part *p, unsigned line, unsigned column)
{
	if (p->body_line == 0)
		return (struct spot) { .part = p->number, .line = p->line, .inner = line };
	return (struct spot) { .part = p->number, .line = p->body_line + line - 1, .column = column };
}

bool check_failed(const struct check *c)
{
	return c->found.counts[SEVERITY_ERROR] > 0 || c->found.counts[SEVERITY_WARNING] > 0;
}

static void check_all(struct check *c)
{
	c->document = buf_view(&c->u->document);
	if (!check_document(c))
		return;
	check_structure(c);
	for (size_t i = 0; i < c->u->n_parts; i++)
		check_part(c, &c->u->parts[i]);
	check_settings(c);
}

int check_userdata(struct view raw, struct check **ret, struct err *e)
{
	AUTO_CHECK *c = calloc(1, sizeof *c);
	struct err why;
	int r;

	if (!c)
		return err_set(e, -ENOMEM, "check user data");
	c->raw = c->document = raw;
	r = userdata_look(raw, &c->u, &why);
	if (r == -ENOMEM)
		return err_set(e, r, "check user data");
	if (r < 0)
		remark_add(&c->found, REMARK_UNREADABLE, (struct spot) { .line = 0 }, "%.300s", why.text);
	else
		check_all(c);
	remarks_sort(&c->found);
	*ret = TAKE_PTR(c);
	return 0;
}
