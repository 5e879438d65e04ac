/* User data as it comes from outside, through every layer up to the settings and the rendered file. */
#include "bootstrap/render.h"
#include "bootstrap/settings.h"
#include "cloud-init/userdata.h"
#include "tests/fuzz/fuzz.h"

static int add(struct settings *s, const struct part *p, struct err *e)
{
	return p->kind == PART_ENV ? settings_add_env(s, p->number, p->body, e) : settings_add_json(s, p->number, p->body, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view raw = { (const char *) data, len };
	AUTO_SETTINGS s = { .doc = NULL };
	AUTO_USERDATA *u = NULL;
	AUTO_BUF lines = { 0 }, file = { 0 };
	unsigned n = 0;
	struct err e;

	if (userdata_parse(raw, &u, &e) < 0)
		return 0;
	if (u->n_parts > USERDATA_PARTS_MAX || u->decoded > USERDATA_DECODED_MAX)
		abort();
	for (size_t i = 0; i < u->n_parts; i++)
		if (u->parts[i].kind != PART_FOREIGN)
			(void) !add(&s, &u->parts[i], &e);
	(void) !settings_finish(&s, &e);
	if (render_agent(&s, &lines, &n) == 0 && render_config(raw, buf_view(&lines), &file) < 0)
		abort();
	return 0;
}
