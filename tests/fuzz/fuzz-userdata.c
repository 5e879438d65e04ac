/* User data as it comes from outside, through every layer up to the settings and the rendered file; and what `parts` and `check` say of it. */
#include "bootstrap/check.h"
#include "bootstrap/parts.h"
#include "bootstrap/render.h"
#include "bootstrap/settings.h"
#include "cloud-init/userdata.h"
#include "cloud-init/utf8.h"
#include "tests/fuzz/fuzz.h"

static int add(struct settings *s, const struct part *p, struct err *e)
{
	return p->kind == PART_ENV ? settings_add_env(s, p->number, p->body, e) : settings_add_json(s, p->number, p->body, e);
}

static void need(bool so)
{
	if (!so)
		abort();
}

static void list(struct view raw)
{
	AUTO_USERDATA *u = NULL;
	AUTO_BUF table = { 0 }, json = { 0 };
	struct err e;

	if (userdata_look(raw, &u, &e) < 0)
		return;
	need(parts_table(u, &table, &e) == 0 && parts_json(u, &json, &e) == 0);
	need(utf8_find_invalid(buf_view(&json)) == json.len && utf8_find_invalid(buf_view(&table)) == table.len);
}

static void check(struct view raw)
{
	AUTO_CHECK *c = NULL;
	AUTO_BUF text = { 0 }, json = { 0 };
	struct err e;

	need(check_userdata(raw, &c, &e) == 0);
	need(check_text(c, "x", &text, &e) == 0 && check_json(c, &json, &e) == 0);
	need(utf8_find_invalid(buf_view(&json)) == json.len);
	need(c->u || check_failed(c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view raw = { (const char *) data, len };
	AUTO_SETTINGS s = { .doc = NULL };
	AUTO_USERDATA *u = NULL;
	AUTO_BUF lines = { 0 }, file = { 0 };
	unsigned n = 0;
	struct err e;

	list(raw);
	check(raw);
	if (userdata_parse(raw, &u, &e) < 0)
		return 0;
	need(u->n_parts <= USERDATA_PARTS_MAX && u->decoded <= USERDATA_DECODED_MAX);
	for (size_t i = 0; i < u->n_parts; i++)
		if (u->parts[i].kind != PART_FOREIGN)
			(void) !add(&s, &u->parts[i], &e);
	(void) !settings_finish(&s, &e);
	if (render_agent(&s, &lines, &n) == 0 && render_config(raw, buf_view(&lines), &file) < 0)
		abort();
	return 0;
}
