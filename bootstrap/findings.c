#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bootstrap/findings.h"

enum { GROW = 8 };

void findings_done(struct findings *f)
{
	free(f->list);
	*f = (struct findings) { .list = NULL };
}

void findings_add(struct findings *f, const struct finding *where, const char *fmt, ...)
{
	struct finding *list = f->list;
	va_list ap;

	if (where->is_error)
		f->errors++;
	if (findings_full(f))
		return;
	if (f->n % GROW == 0)
		list = reallocarray(f->list, f->n + GROW, sizeof *list);
	if (!list)
		return;
	f->list = list;
	list[f->n] = *where;
	va_start(ap, fmt);
	vsnprintf(list[f->n].text, sizeof list[f->n].text, fmt, ap);
	va_end(ap);
	f->n++;
}

bool findings_full(const struct findings *f)
{
	return f->n == FINDINGS_MAX;
}

int finding_say(const struct finding *f, struct err *ret)
{
	char place[64] = "";
	int n = 0;

	if (f->part > 0)
		n = snprintf(place, sizeof place, "part %u", f->part);
	if (f->at.line > 0)
		n += snprintf(place + n, sizeof place - (size_t) n, "%sline %u", n > 0 ? ", " : "", f->at.line);
	if (f->at.line > 0 && f->at.column > 0)
		snprintf(place + n, sizeof place - (size_t) n, ", column %u", f->at.column);
	return err_say(ret, -EINVAL, "read %s: %s%s%s", place[0] ? place : "settings", f->path, f->path[0] ? ": " : "", f->text);
}
