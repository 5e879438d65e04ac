#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/plot.h"
#include "cloud-init/utf8.h"

/* Pixels. */
enum {
	ROW = 22, BAR = 14, TOP = 64, BOTTOM = 44, SIDE = 16, CHAR = 7 /* of a name, at this size */, NAME_CHARS = 40, BARS = 640, TOOK = 110, TICKS = 8,
};

struct frame {
	long   from, span; /* ms; span > 0 */
	int    names, width, height;
	size_t rows;
};

/* Plain rules, and the same once more for the dark: not every viewer knows CSS variables. */
static const char style[] =
	"<style>\n"
	"svg { font: 12px ui-monospace, monospace } .end { text-anchor: end } .mid { text-anchor: middle } .hatch { fill: url(#hatch) }\n"
	".stripe { stroke-width: 3 }\n"
	"text { fill: #1f2328 } .back { fill: #ffffff } .dim { fill: #59636e } .line { stroke: #d1d9e0 }\n"
	".done { fill: #2da44e } .skipped { fill: #afb8c1 } .warned { fill: #bf8700 } .failed { fill: #cf222e }\n"
	".waiting { fill: #54aeff } .running { fill: #8250df } .stripe { stroke: #ffffff }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"text { fill: #e6edf3 } .back { fill: #0d1117 } .dim { fill: #9198a1 } .line { stroke: #3d444d }\n"
	".done { fill: #3fb950 } .skipped { fill: #656c76 } .warned { fill: #d29922 } .failed { fill: #f85149 }\n"
	".waiting { fill: #58a6ff } .running { fill: #ab7df8 } .stripe { stroke: #0d1117 }\n"
	"}\n"
	"</style>\n"
	"<defs><pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
	"<line class=\"stripe\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs>\n";

/* Texts are clean already (status_clean); XML knows neither its own signs in them nor the characters U+FFFE and U+FFFF. most: characters. */
static int add_text(struct buf *b, const char *text, size_t most)
{
	struct view rest = view_of(text);
	int r = 0;

	for (size_t n = 0; rest.len > 0 && r == 0; n++) {
		size_t len = utf8_char(rest);

		if (n == most)
			return buf_printf(b, "…");
		if (len == 0 || (len == 3 && (memcmp(rest.p, "\xef\xbf\xbe", 3) == 0 || memcmp(rest.p, "\xef\xbf\xbf", 3) == 0)))
			r = buf_add(b, "?", 1);
		else if (len == 1 && strchr("&<>\"'", rest.p[0]))
			r = buf_printf(b, "&#%d;", rest.p[0]);
		else
			r = buf_add(b, rest.p, len);
		len = len ? len : 1;
		rest = (struct view) { rest.p + len, rest.len - len };
	}
	return r;
}

/* ---- the frame */

static bool is_shown(const struct status_row *row)
{
	return row->timed && row->began_ms >= 0 && row->took_ms >= 0;
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char) *text & 0xc0) != 0x80;
	return n;
}

static struct frame frame_of(const struct status *s)
{
	struct frame f = { .rows = 0 };
	size_t widest = 4;
	long to = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		const struct status_row *row = &s->rows[i];
		size_t n = characters(row->name);

		if (!is_shown(row))
			continue;
		f.from = f.rows == 0 || row->began_ms < f.from ? row->began_ms : f.from;
		to = row->began_ms + row->took_ms > to ? row->began_ms + row->took_ms : to;
		widest = n > widest ? n : widest;
		f.rows++;
	}
	f.span = to > f.from ? to - f.from : 1;
	f.names = SIDE + (int) (widest > NAME_CHARS ? NAME_CHARS + 1 : widest) * CHAR + SIDE;
	f.width = f.names + BARS + TOOK;
	f.height = TOP + (int) f.rows * ROW + BOTTOM;
	return f;
}

static double at(const struct frame *f, long ms)
{
	return f->names + (double) BARS * (double) (ms - f->from) / (double) f->span;
}

/* 1, 2 or 5 times a power of ten, so that there are at most TICKS. */
static long tick_of(long span)
{
	static const int factors[] = { 1, 2, 5 };

	for (long power = 1;; power *= 10)
		for (size_t i = 0; i < ARRAY_LEN(factors); i++)
			if (span / (power * factors[i]) < TICKS)
				return power * factors[i];
}

static int add_axis(const struct frame *f, struct buf *b)
{
	long tick = tick_of(f->span), ms = f->from + (tick - f->from % tick) % tick;
	int digits = tick < 10 ? 3 : tick < 100 ? 2 : tick < 1000 ? 1 : 0, r = 0;

	for (; ms <= f->from + f->span && r == 0; ms += tick)
		r = buf_printf(b, "<line class=\"line\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/><text class=\"dim mid\" x=\"%.1f\" y=\"%d\">%.*f s</text>\n",
			       at(f, ms), TOP - 8, at(f, ms), f->height - BOTTOM, at(f, ms), TOP - 14, digits, (double) ms / 1000);
	return r;
}

/* ---- the bars */

/* Steps in which nothing is done here but to wait for somebody else. */
static bool only_waits(const struct status_row *row)
{
	static const char *const names[] = { "cloud-init", "docker", "efs-mounts" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(row->name, names[i]) == 0)
			return true;
	return strcmp(row->result, step_word(STEP_WAITING)) == 0;
}

static const char *class_of(const struct status_row *row)
{
	for (int i = 0; i < STEP_RESULTS; i++)
		if (strcmp(row->result, step_word((enum step_result) i)) == 0)
			return step_word((enum step_result) i);
	return "failed"; /* interrupted, or nobody knows */
}

static int add_bar(const struct frame *f, const struct status_row *row, int y, struct buf *b)
{
	double x = at(f, row->began_ms), width = (double) BARS * (double) row->took_ms / (double) f->span;
	int r;

	width = width < 2 ? 2 : width;
	r = buf_printf(b, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n", class_of(row), x, y, width, BAR);
	if (r == 0 && only_waits(row))
		r = buf_printf(b, "<rect class=\"hatch\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", x, y, width, BAR);
	return r;
}

static int add_row(const struct frame *f, const struct status_row *row, size_t n, struct buf *b)
{
	int y = TOP + (int) n * ROW, r = buf_printf(b, "<g>\n<title>");

	if (r == 0)
		r = add_text(b, row->name, SIZE_MAX);
	if (r == 0)
		r = buf_printf(b, ": %s, %ld ms%s", row->result, row->took_ms, row->cause[0] ? ": " : "");
	if (r == 0)
		r = add_text(b, row->cause, SIZE_MAX);
	if (r == 0)
		r = buf_printf(b, "</title>\n<text class=\"end\" x=\"%d\" y=\"%d\">", f->names - SIDE, y + BAR - 3);
	if (r == 0)
		r = add_text(b, row->name, NAME_CHARS);
	if (r == 0)
		r = buf_printf(b, "</text>\n");
	if (r == 0)
		r = add_bar(f, row, y, b);
	if (r == 0)
		r = buf_printf(b, "<text class=\"dim\" x=\"%d\" y=\"%d\">%.3f s</text>\n</g>\n", f->names + BARS + 12, y + BAR - 3, (double) row->took_ms / 1000);
	return r;
}

static int add_legend(const struct frame *f, struct buf *b)
{
	int x = f->names, y = f->height - BOTTOM / 2, r = 0;

	for (int i = 0; i < STEP_RESULTS && r == 0; i++, x += 84)
		r = buf_printf(b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\"/><text class=\"dim\" x=\"%d\" y=\"%d\">%s</text>\n",
			       step_word((enum step_result) i), x, y - 10, x + 17, y, step_word((enum step_result) i));
	if (r == 0)
		r = buf_printf(b, "<rect class=\"skipped\" x=\"%d\" y=\"%d\" width=\"24\" height=\"12\"/><rect class=\"hatch\" x=\"%d\" y=\"%d\" width=\"24\" height=\"12\"/>"
				  "<text class=\"dim\" x=\"%d\" y=\"%d\">only waits</text>\n", x, y - 10, x, y - 10, x + 29, y);
	return r;
}

int plot_svg(const struct status *s, struct buf *b)
{
	struct frame f = frame_of(s);
	size_t n = 0;
	int r;

	if (f.rows == 0)
		return -ENODATA;
	r = buf_printf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
			  "<title>Steps of this boot</title>\n%s<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n"
			  "<text x=\"%d\" y=\"24\">ecs-bootstrap: %zu step%s in %.3f s; seconds since the kernel started</text>\n",
		       f.width, f.height, f.width, f.height, style, f.width, f.height, SIDE, f.rows, f.rows == 1 ? "" : "s", (double) f.span / 1000);
	if (r == 0)
		r = add_axis(&f, b);
	for (size_t i = 0; i < s->n_rows && r == 0; i++)
		if (is_shown(&s->rows[i]))
			r = add_row(&f, &s->rows[i], n++, b);
	if (r == 0)
		r = add_legend(&f, b);
	return r < 0 ? r : buf_printf(b, "</svg>\n");
}
