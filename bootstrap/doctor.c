#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "bootstrap/doctor.h"
#include "bootstrap/show-json.h"

static PRINTF_LIKE(3, 0) void add(struct doctor_report *out, bool skipped, const char *fmt, va_list ap)
{
	struct doctor_result *r = out->n < DOCTOR_RESULTS_MAX ? &out->list[out->n] : NULL;
	char text[DOCTOR_TEXT_SIZE];

	out->found += !skipped;
	out->skipped += skipped;
	if (!r)
		return;
	vsnprintf(text, sizeof text, fmt, ap);
	*r = (struct doctor_result) { .row = out->row, .skipped = skipped };
	status_clean(view_of(text), r->what, sizeof r->what);
	out->n++;
}

void doctor_found(struct doctor_report *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(out, false, fmt, ap);
	va_end(ap);
}

void doctor_skipped(struct doctor_report *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(out, true, fmt, ap);
	va_end(ap);
}

void doctor_judge(const struct doctor_facts *f, struct doctor_report *out)
{
	static const struct doctor_row *(*const groups[])(size_t *) = { doctor_host_rows, doctor_settings_rows, doctor_aws_rows, doctor_docker_rows };

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		size_t n;
		const struct doctor_row *rows = groups[i](&n);

		out->rows += n;
		for (size_t k = 0; k < n; k++) {
			out->row = &rows[k];
			rows[k].judge(f, out);
		}
	}
}

int doctor_text(const struct doctor_report *report, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; i < report->n && r == 0; i++)
		if (!report->list[i].skipped)
			r = buf_printf(b, "%s: %s\n    cure: %s\n", report->list[i].row->name, report->list[i].what, report->list[i].row->cure);
	for (size_t i = 0; i < report->n && r == 0; i++)
		if (report->list[i].skipped)
			r = buf_printf(b, "not looked at: %s: %s\n", report->list[i].row->name, report->list[i].what);
	if (r < 0)
		return r;
	if (report->found == 0)
		return buf_printf(b, "nothing found by %zu checks\n", report->rows - report->skipped);
	return buf_printf(b, "%zu finding%s\n", report->found, report->found == 1 ? "" : "s");
}

static int result_json(const struct doctor_result *one, struct json_object *o)
{
	int r = o ? show_text(o, "check", view_of(one->row->name)) : -ENOMEM;

	if (r == 0)
		r = show_text(o, one->skipped ? "why" : "what", view_of(one->what));
	return r < 0 || one->skipped ? r : show_text(o, "cure", view_of(one->row->cure));
}

int doctor_json(const struct doctor_report *report, struct buf *b)
{
	AUTO_JSON *o = json_object_new_object();
	struct json_object *found = o ? show_list(o, "findings") : NULL, *skipped = found ? show_list(o, "skipped") : NULL;
	int r = skipped ? show_number(o, "checks", report->rows) : -ENOMEM;

	for (size_t i = 0; i < report->n && r == 0; i++)
		r = result_json(&report->list[i], show_element(report->list[i].skipped ? skipped : found));
	return r < 0 ? r : show_document(o, b);
}
