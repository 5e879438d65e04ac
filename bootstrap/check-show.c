#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bootstrap/checks.h"
#include "bootstrap/secret.h"
#include "bootstrap/show-json.h"

enum { WIDTH = 100, LOOK = 2 * WIDTH /* a secret that is named behind what is shown is not shown */ };

/* Of a line that names a secret only what stands before its value is shown. */
bool holds_secret(struct view line, size_t *shown)
{
	size_t end;

	*shown = line.len;
	if (!secret_named(line, &end))
		return false;
	while (end < line.len && line.p[end] != '=' && line.p[end] != ':' && line.p[end] != ' ')
		end++;
	*shown = end < line.len ? end + 1 : end;
	return true;
}

/* The part that was asked about last: remarks come part by part, and a part may be large. */
struct asked {
	unsigned number;
	bool     hidden;
};

/* A JSON document may hold a secret in lines that do not name it. */
static bool is_hidden(const struct check *c, unsigned number, struct asked *last)
{
	const struct part *p = number > 0 && c->u ? &c->u->parts[number - 1] : NULL;
	size_t unused;

	if (number != last->number)
		*last = (struct asked) { number, p && p->kind == PART_JSON && secret_named(p->body, &unused) };
	return last->hidden;
}

static struct view line_of(const struct check *c, unsigned number)
{
	struct view rest = c->document, line = { "", 0 };

	for (unsigned i = 0; i < number; i++)
		if (!line_next(&rest, &line))
			return (struct view) { "", 0 };
	return line;
}

/* Tabs become one blank each, so that the mark below stands right. */
static int add_source(struct view line, size_t shown, struct buf *ret)
{
	int r = 0;

	for (size_t i = 0; i < shown && i < WIDTH && r == 0; i++) {
		unsigned char ch = (unsigned char) line.p[i];

		r = buf_add(ret, ch == '\t' ? " " : ch >= 0x80 || isprint(ch) ? line.p + i : "?", 1);
	}
	return r == 0 && (shown < line.len || line.len > WIDTH) ? buf_printf(ret, "…") : r;
}

static int add_excerpt(const struct check *c, const struct remark *m, struct asked *last, struct buf *ret)
{
	struct view line = line_of(c, m->at.line);
	size_t shown, column = m->at.column;
	bool secret;
	int r;

	if (m->at.line == 0 || line.len == 0 || is_hidden(c, m->at.part, last))
		return 0;
	line.len = line.len < LOOK ? line.len : LOOK;
	secret = holds_secret(line, &shown);
	r = buf_printf(ret, "%5u | ", m->at.line);
	if (r == 0)
		r = add_source(line, shown, ret);
	if (r == 0 && column > 0 && column <= WIDTH && !secret)
		r = buf_printf(ret, "\n      | %*s^", (int) column - 1, "");
	return r < 0 ? r : buf_printf(ret, "\n");
}

static int add_place(const struct remark *m, const char *file, struct buf *ret)
{
	int r = buf_printf(ret, "%s:", file);

	if (r == 0 && m->at.line > 0)
		r = buf_printf(ret, "%u:", m->at.line);
	if (r == 0 && m->at.line > 0 && m->at.column > 0)
		r = buf_printf(ret, "%u:", m->at.column);
	return r < 0 ? r : buf_printf(ret, " %s: ", severity_name(remark_severity(m->id)));
}

static int add_remark(const struct check *c, const struct remark *m, const char *file, struct asked *last, struct buf *ret)
{
	const char *why = remark_why(m->id), *fix = remark_fix(m);
	int r = add_place(m, file, ret);

	if (r == 0)
		r = buf_printf(ret, "%s [%s]\n", m->what, remark_name(m->id));
	if (r == 0 && m->at.inner > 0)
		r = buf_printf(ret, "      | line %u of part %u when decoded\n", m->at.inner, m->at.part);
	else if (r == 0)
		r = add_excerpt(c, m, last, ret);
	if (r == 0 && why)
		r = buf_printf(ret, "  why: %s\n", why);
	if (r == 0 && fix)
		r = buf_printf(ret, "  fix: %s\n", fix);
	return r;
}

static int add_count(const struct check *c, enum severity s, struct buf *ret)
{
	unsigned n = c->found.counts[s];

	return buf_printf(ret, "%u %s%s%s", n, severity_name(s), n == 1 ? "" : "s", s == SEVERITY_NOTE ? "\n" : ", ");
}

int check_text(const struct check *c, const char *file, struct buf *ret, struct err *e)
{
	struct asked last = { .number = 0 };
	int r = 0;

	for (size_t i = 0; i < c->found.n && r == 0; i++)
		r = add_remark(c, &c->found.list[i], file, &last, ret);
	if (r == 0 && c->u && (c->u->base64 || c->u->gzip) && c->found.n > 0)
		r = buf_printf(ret, "%s: lines are those of the document without %s around it\n", file, c->u->gzip ? "gzip" : "base64");
	if (r == 0)
		r = buf_printf(ret, "%s: %zu part%s, ", file, c->u ? c->u->n_parts : 0, c->u && c->u->n_parts == 1 ? "" : "s");
	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE && r == 0; s--)
		r = add_count(c, (enum severity) s, ret);
	return r < 0 ? err_set(e, r, "report findings") : 0;
}

static int fill(struct json_object *o, const struct remark *m)
{
	const char *why = remark_why(m->id), *fix = remark_fix(m);
	int r = show_text(o, "id", view_of(remark_name(m->id)));

	if (r == 0)
		r = show_text(o, "severity", view_of(severity_name(remark_severity(m->id))));
	if (r == 0)
		r = show_number(o, "part", m->at.part);
	if (r == 0)
		r = show_number(o, "line", m->at.line);
	if (r == 0)
		r = show_number(o, "column", m->at.column);
	if (r == 0)
		r = show_text(o, "what", view_of(m->what));
	if (r == 0)
		r = show_text(o, "why", view_of(why ? why : ""));
	return r < 0 ? r : show_text(o, "fix", view_of(fix ? fix : ""));
}

int check_json(const struct check *c, struct buf *ret, struct err *e)
{
	AUTO_JSON *doc = json_object_new_object();
	struct json_object *list = doc ? show_list(doc, "findings") : NULL;
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < c->found.n && r == 0; i++) {
		struct json_object *o = show_element(list);

		r = o ? fill(o, &c->found.list[i]) : -ENOMEM;
	}
	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE && r == 0; s--)
		r = show_number(doc, s == SEVERITY_ERROR ? "errors" : s == SEVERITY_WARNING ? "warnings" : "notes", c->found.counts[s]);
	if (r == 0)
		r = show_document(doc, ret);
	return r < 0 ? err_set(e, r, "report findings") : 0;
}
