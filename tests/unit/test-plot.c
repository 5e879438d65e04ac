/* `plot` without a host: where bars stand, what is hatched, texts in XML, what is taken of a JSON. */
#include <errno.h>

#include "bootstrap/plot.h"
#include "bootstrap/status-show.h"
#include "tests/unit/test.h"

static struct status s;
static struct err e;

static struct status_row *add(const char *name, const char *result, long began, long took, const char *cause)
{
	struct status_row *row = status_add(&s, view_of(name), result, view_of(cause));

	assert_non_null(row);
	row->timed = true;
	row->began_ms = began;
	row->took_ms = took;
	return row;
}

static void begin(void)
{
	s = (struct status) { .n_rows = 0 };
}

static const char *drawn(void)
{
	static struct buf b;

	buf_done(&b);
	assert_int_equal(plot_svg(&s, &b), 0);
	return b.p;
}

static void has(const char *svg, const char *part)
{
	if (!strstr(svg, part))
		fail_msg("'%s' is not in\n%s", part, svg);
}

static unsigned count(const char *svg, const char *part)
{
	unsigned n = 0;

	while ((svg = strstr(svg, part))) {
		svg += strlen(part);
		n++;
	}
	return n;
}

static void test_bars(void **state)
{
	const char *svg;

	(void) state;
	begin();
	add("aaaa", "done", 1000, 500, "");
	add("bb", "failed", 1500, 500, "so");
	svg = drawn(); /* names are 16 + 4 * 7 + 16 wide, bars 640 */
	has(svg, "<rect class=\"done\" x=\"60.0\" y=\"64\" width=\"320.0\" height=\"14\" rx=\"2\"/>");
	has(svg, "<rect class=\"failed\" x=\"380.0\" y=\"86\" width=\"320.0\" height=\"14\" rx=\"2\"/>");
	has(svg, "<title>aaaa: done, 500 ms</title>");
	has(svg, "<title>bb: failed, 500 ms: so</title>");
	has(svg, "2 steps in 1.000 s");
	has(svg, ">0.500 s</text>");
	assert_int_equal(count(svg, "class=\"hatch\""), 1); /* of the legend */
}

static void test_axis(void **state)
{
	static const struct {
		long        from, span;
		unsigned    ticks;
		const char *last;
	} cases[] = {
		{ 0, 0, 2, ">0.001 s<" }, { 3, 5, 6, ">0.008 s<" }, { 0, 999, 5, ">0.8 s<" }, { 1234, 10000, 5, ">10 s<" }, { 0, 900000, 5, ">800 s<" }, { 59990, 120, 6, ">60.10 s<" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin();
		add("a", "done", cases[i].from, cases[i].span, "");
		has(drawn(), cases[i].last);
		if (count(drawn(), "<line class=\"line\"") != cases[i].ticks)
			fail_msg("case %zu: %u ticks", i, count(drawn(), "<line class=\"line\""));
	}
}

static void test_short_bars_can_be_seen(void **state)
{
	(void) state;
	begin();
	add("a", "done", 0, 0, "");
	add("b", "done", 0, 600000, "");
	has(drawn(), "width=\"2.0\"");
}

static void test_waits_are_hatched(void **state)
{
	(void) state;
	begin();
	add("cloud-init", "done", 0, 9, "");
	add("image", "waiting", 0, 9, "");
	add("rules", "running", 0, 9, "");
	assert_int_equal(count(drawn(), "class=\"hatch\""), 3);
	has(drawn(), "<rect class=\"running\"");
}

static void test_texts(void **state)
{
	const char *svg;

	(void) state;
	begin();
	add("a<b>&\"'", "interrupted", 0, 1, "\xef\xbf\xbf \xc3\xa4 </title>");
	add("0123456789012345678901234567890123456789xyz", "unknown", 0, 1, "");
	svg = drawn();
	has(svg, "a&#60;b&#62;&#38;&#34;&#39;</text>");
	has(svg, ": ? \xc3\xa4 &#60;/title&#62;</title>");
	has(svg, "0123456789012345678901234567890123456789…</text>");
	assert_int_equal(count(svg, "<rect class=\"failed\" "), 3); /* both, and the legend */
}

static void test_nothing(void **state)
{
	AUTO_BUF b = { 0 };

	(void) state;
	begin();
	assert_int_equal(plot_svg(&s, &b), -ENODATA);
	(void) !status_add(&s, view_of("a"), "done", view_of(""));
	assert_int_equal(plot_svg(&s, &b), -ENODATA); /* without times */
	assert_int_equal(b.len, 0);
}

/* What status prints draws as what it has read itself. */
static void test_round_trip(void **state)
{
	AUTO_BUF json = { 0 }, again = { 0 };

	(void) state;
	begin();
	add("image", "done", 5, 7, "loaded");
	add("x", "interrupted", 6, 0, "");
	add("y", "waiting", 7, 100, "for \"Docker\"");
	assert_int_equal(status_json(&s, &json), 0);
	assert_int_equal(buf_printf(&again, "%s", drawn()), 0);
	begin();
	assert_int_equal(plot_read(buf_view(&json), &s, &e), 0);
	assert_string_equal(drawn(), again.p);
}

static void test_bad_json(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"steps\": 5}", "{\"steps\": [5]}", "{\"steps\": [{\"result\": \"done\"}]}", "{\"steps\": [{\"step\": \"a\", \"beganMs\": -1, \"tookMs\": 1}]}",
		"{\"steps\": [{\"step\": \"a\", \"beganMs\": 1, \"tookMs\": 99999999999999999999}]}",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		begin();
		assert_int_equal(plot_read(view_of(bad[i]), &s, &e), -EBADMSG);
		assert_says(e, "read steps: ");
	}
	begin();
	assert_int_equal(plot_read(view_of("{\"steps\": [{\"step\": \"a\"}, {\"step\": \"b\", \"result\": \"odd\", \"beganMs\": 1, \"tookMs\": 2}]}"), &s, &e), 0);
	assert_int_equal(s.n_rows, 1); /* what has no times cannot be drawn */
	assert_string_equal(s.rows[0].result, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bars), TEST(test_axis), TEST(test_short_bars_can_be_seen), TEST(test_waits_are_hatched), TEST(test_texts), TEST(test_nothing),
		TEST(test_round_trip), TEST(test_bad_json),
	};

	return RUN("plot", tests);
}
