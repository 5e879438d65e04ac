/* Docker's JSON replies: every reader on whatever comes, and what they let through is fit for paths and reports. */
#include <ctype.h>
#include <string.h>

#include "init/engine/container.h"
#include "tests/fuzz/fuzz.h"

static void must(bool it)
{
	if (!it)
		abort();
}

static void check_id(const char *id)
{
	must(id[0] && strlen(id) < 80);
	for (; *id; id++)
		must(isalnum((unsigned char) *id) || strchr(":._-", *id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len };
	struct container c = { .pid = -1 };
	char id[80], bridge[16], reason[300];
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err e;
	int code;

	docker_reason(text, reason);
	must(strlen(reason) < sizeof reason);
	(void) !docker_negotiate(text, (struct view) { "", 0 });
	(void) !docker_negotiate(view_of("1.52"), text);
	if (json_parse(text, &o, &at, &e) < 0)
		return 0;
	if (container_read(o, &c) == 0) {
		check_id(c.id);
		must(c.pid >= 0 && strlen(c.hash) < sizeof c.hash);
	}
	if (id_read(o, id) == 0)
		check_id(id);
	if (bridge_read(o, bridge) == 0)
		must(strlen(bridge) < sizeof bridge);
	(void) !container_read_exit(o, &code);
	return 0;
}
