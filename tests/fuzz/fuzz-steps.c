/* A record of a step, and what systemctl says of units: whatever they hold, what `status` prints is one clean line for each. */
#include <string.h>

#include "bootstrap/show-json.h"
#include "bootstrap/status-host.h"
#include "bootstrap/status-show.h"
#include "tests/fuzz/fuzz.h"

static struct status s;

static void need(bool so)
{
	if (!so)
		abort();
}

static size_t count_lines(struct view text)
{
	struct view line;
	size_t n = 0;

	while (view_line(&text, &line)) {
		for (size_t i = 0; i < line.len; i++)
			need((unsigned char) line.p[i] >= 0x20 && line.p[i] != 0x7f);
		n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len };
	AUTO_BUF table = { 0 }, json = { 0 }, again = { 0 };
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct step step, same;
	struct err e;

	s = (struct status) { .n_rows = 0 };
	if (step_read(text, &step) == 0) {
		need(step_render(&step, &again) == 0 && step_read(buf_view(&again), &same) == 0 && same.begin_ms == step.begin_ms);
		s.n_rows = s.n_recorded = status_row_of(&step, "now", len % 2, 1000, &s.rows[0]);
	}
	status_read_units(text, &s);
	need(s.n_units <= STATUS_UNITS_MAX);
	need(status_table(&s, &table) == 0 && status_json(&s, &json) == 0);
	need(count_lines(buf_view(&table)) == 1 + s.n_rows + (s.n_units > 0 ? 2 + s.n_units : 0));
	need(json_parse(buf_view(&json), &o, &at, &e) == 0);
	return 0;
}
