#include "cloud-init/line.h"

bool line_next(struct view *rest, struct view *line)
{
	size_t n = 0, end;

	if (rest->len == 0)
		return false;
	while (n < rest->len && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	*line = (struct view) { rest->p, n };
	end = n < rest->len ? 1 : 0;
	if (end && rest->p[n] == '\r' && n + 1 < rest->len && rest->p[n + 1] == '\n')
		end = 2;
	rest->p += n + end;
	rest->len -= n + end;
	return true;
}

struct view line_chop(struct view v)
{
	if (v.len > 0 && v.p[v.len - 1] == '\n') {
		v.len--;
		if (v.len > 0 && v.p[v.len - 1] == '\r')
			v.len--;
	} else if (v.len > 0 && v.p[v.len - 1] == '\r') {
		v.len--;
	}
	return v;
}

unsigned line_at(struct line_count *c, const char *at)
{
	struct view line, rest = c->rest;

	while (line_next(&rest, &line) && rest.p <= at && rest.p > line.p + line.len) {
		c->rest = rest;
		c->line++;
	}
	return c->line;
}
