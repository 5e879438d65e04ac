#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/diff.h"
#include "bootstrap/mask.h"
#include "bootstrap/show-json.h"
#include "bootstrap/show.h"

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

/* Files of NAME=VALUE, and those of others. */
static show_line_fn *mask_for(const struct change *c)
{
	if (!ends_with(c->path, ".json") && !ends_with(c->path, ".conf"))
		return mask_line;
	return mask_json_fits(buf_view(&c->before)) && mask_json_fits(buf_view(&c->after)) ? mask_json_line : mask_all;
}

static int add_diff(const struct change *c, struct buf *b)
{
	int r = 0;

	if (c->was && c->is && c->mode != c->old_mode)
		r = buf_printf(b, "%s\nold mode %04o\nnew mode %04o\n", c->path, (unsigned) c->old_mode, (unsigned) c->mode);
	return r < 0 ? r : diff_unified(buf_view(&c->before), buf_view(&c->after), c->was ? c->path : "/dev/null",
					 c->is ? c->path : "/dev/null", mask_for(c), b);
}

int show_diffs(const struct changes *c, struct buf *b, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		int r = add_diff(&c->list[i], b);

		if (r < 0)
			return err_set(e, r, "compare '%s'", c->list[i].path);
	}
	return 0;
}

static int report_file(struct json_object *o, const struct change *c)
{
	AUTO_BUF diff = { 0 };
	char mode[8];
	int r = show_text(o, "path", view_of(c->path));

	snprintf(mode, sizeof mode, "%04o", (unsigned) (c->is ? c->mode : c->old_mode));
	if (r == 0)
		r = show_text(o, "change", view_of(!c->was ? "new" : c->is ? "changed" : "removed"));
	if (r == 0)
		r = show_text(o, "mode", view_of(mode));
	if (r == 0)
		r = add_diff(c, &diff);
	return r < 0 ? r : show_text(o, "diff", buf_view(&diff));
}

static int report_files(struct json_object *doc, const struct changes *c)
{
	struct json_object *list = show_list(doc, "files");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < c->n; i++) {
		struct json_object *o = show_element(list);

		r = o ? report_file(o, &c->list[i]) : -ENOMEM;
	}
	return r;
}

static int report_sections(struct json_object *doc, const struct config_report *report)
{
	struct json_object *list = show_list(doc, "failures");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < report->n_sections; i++) {
		const struct section_report *s = &report->sections[i];
		struct json_object *o = s->outcome < 0 ? show_element(list) : NULL;

		if (s->outcome >= 0)
			continue;
		r = o ? show_text(o, "setting", view_of(s->key)) : -ENOMEM;
		if (r == 0)
			r = show_text(o, "why", view_of(s->e.text));
	}
	return r;
}

static int report_warnings(struct json_object *doc, const struct findings *f)
{
	struct json_object *list = show_list(doc, "warnings");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < f->n; i++) {
		struct json_object *o;
		struct err said;

		if (f->list[i].is_error)
			continue;
		(void) finding_say(&f->list[i], &said);
		o = show_element(list);
		r = o ? show_text(o, "what", view_of(said.text)) : -ENOMEM;
	}
	return r;
}

int show_report(const struct config_report *report, const struct changes *c, struct buf *b, struct err *e)
{
	AUTO_JSON *doc = json_object_new_object();
	int r = doc ? 0 : -ENOMEM;

	if (r == 0)
		r = report->off ? show_null(doc, "userData") : show_text(doc, "userData", view_of(report->fetched.from));
	if (r == 0 && report->fetched.imds.code != 0)
		r = show_text(doc, "metadata", view_of(report->fetched.imds.text));
	if (r == 0)
		r = report_files(doc, c);
	if (r == 0)
		r = report_sections(doc, report);
	if (r == 0)
		r = report_warnings(doc, &report->settings.findings);
	if (r == 0)
		r = show_document(doc, b);
	return r < 0 ? err_set(e, r, "report changes") : 0;
}
