/* What `parts` and `check` say of user data as it comes from outside: always something that can be printed, and an error where it cannot be read. */
#include "bootstrap/check.h"
#include "bootstrap/parts.h"
#include "cloud-init/userdata.h"
#include "cloud-init/utf8.h"
#include "tests/fuzz/fuzz.h"

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

	list(raw);
	check(raw);
	return 0;
}
