#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/known.h"
#include "bootstrap/late.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/paths.h"

/* One NAME=VALUE line. */
struct pair {
	struct view key, value;
	unsigned    line;
};

static int by_name_and_line(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
	int order = memcmp(x->key.p, y->key.p, n);

	if (order == 0 && x->key.len != y->key.len)
		order = x->key.len < y->key.len ? -1 : 1;
	return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

static bool is_quoted(struct view v)
{
	return v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0];
}

static bool same(struct view a, struct view b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static void look_at_pair(const struct pair *p, const struct pair *last, struct findings *out)
{
	struct finding at = { .at = { p->line, 0 } };
	char why[160];

	snprintf(at.path, sizeof at.path, "%.*s", VIEW_ARG(p->key, sizeof at.path - 1));
	if (last && same(last->key, p->key))
		findings_add(out, &at, same(last->value, p->value) ? "stands in line %u already, with the same value"
								     : "takes the place of what line %u says", last->line);
	else if (!findings_full(out) && !known_agent_name(at.path))
		findings_add(out, &at, "%s", unknown_agent_name(at.path, why, sizeof why));
	if (is_quoted(p->value))
		findings_add(out, &at, "the quotes are part of the value for the agent; write it without");
}

static void look_at_other(enum keyval_kind kind, unsigned line, struct findings *out)
{
	struct finding at = { .at = { line, 0 } };

	if (kind == KEYVAL_NO_EQUALS)
		findings_add(out, &at, "there is no '='; the line is passed over");
	else if (kind == KEYVAL_BAD_NAME)
		findings_add(out, &at, "what stands before '=' cannot be a variable's name (no blanks, no 'export'); the line is passed over");
}

static size_t count_lines(struct view text)
{
	struct view line;
	size_t n = 0;

	while (view_line(&text, &line))
		n++;
	return n;
}

static int by_line(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return x->at.line < y->at.line ? -1 : x->at.line > y->at.line;
}

int late_check(struct view file, struct findings *out)
{
	struct pair *pairs = calloc(count_lines(file) + 1, sizeof *pairs);
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	size_t n = 0;

	if (!pairs)
		return -ENOMEM;
	while ((kind = keyval_next(&file, &kv)) != KEYVAL_END) {
		if (kind == KEYVAL_PAIR)
			pairs[n++] = (struct pair) { kv.key, kv.value, kv.line };
		else
			look_at_other(kind, kv.line, out);
	}
	qsort(pairs, n, sizeof *pairs, by_name_and_line);
	for (size_t i = 0; i < n; i++)
		look_at_pair(&pairs[i], i > 0 ? &pairs[i - 1] : NULL, out);
	free(pairs);
	if (out->n > 0)
		qsort(out->list, out->n, sizeof *out->list, by_line);
	return 0;
}

static int write_report(int root, const struct findings *out)
{
	AUTO_BUF text = { 0 };
	struct err unused;
	int r = 0;

	if (out->n == 0)
		return file_remove(root, PATH_LATE_REPORT, &unused);
	for (size_t i = 0; i < out->n && r == 0; i++)
		r = buf_printf(&text, "line %u: %s: %s\n", out->list[i].at.line, out->list[i].path, out->list[i].text);
	if (r == 0)
		r = dir_make(root, PATH_RUN_DIR, 0755, &unused);
	return r < 0 ? r : file_replace(root, PATH_LATE_REPORT, text.p, text.len, 0644, &unused);
}

int late_run(int root, struct findings *out, struct err *e)
{
	AUTO_BUF file = { 0 };
	int r = file_read(root, PATH_ECS_CONFIG, CONFIG_FILE_MAX, &file, e);

	if (r < 0)
		return r;
	r = late_check(buf_view(&file), out);
	if (r < 0)
		return err_set(e, r, "check '%s'", PATH_ECS_CONFIG);
	r = write_report(root, out);
	return out->n == 0 || r == FILE_SAME ? LATE_SAME : 0;
}
