/* What dockerd, or anybody at the socket, sends: path, line end, body. What is taken can be answered, and the answers are JSON. */
#include <string.h>

#include "efs/plugin/names.h"
#include "efs/plugin/request.h"
#include "tests/fuzz/fuzz.h"

static void check_json(const struct buf *b)
{
	struct json_object *o = NULL;
	struct json_place where;
	struct err e;

	if (json_parse(buf_view(b), &o, &where, &e) < 0)
		abort();
	json_object_put(o);
}

static void check_volume(const struct request *rq)
{
	AUTO_VOLUMES t = { .document = NULL };
	AUTO_BUF b = { .p = NULL };
	struct volume *v;

	if (volumes_new(&t) < 0 || !(v = volumes_add(&t, rq->name, "", VOLUMES_DIR "/x", rq->options)))
		abort();
	if (reply_volume(v, &b) < 0 || volume_count_up(v, rq->id) < 0)
		abort();
	check_json(&b);
	buf_clear(&b);
	if (reply_list(&t, &b) < 0)
		abort();
	check_json(&b);
	buf_clear(&b);
	if (volumes_render(&t, &b) < 0)
		abort();
	check_json(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view body = { (const char *) data, len }, path = view_cut(&body, '\n');
	AUTO_REQUEST rq = { .body = NULL };
	AUTO_BUF b = { .p = NULL };
	char name[64];
	enum method m;
	struct err e;

	if (path.len >= sizeof name)
		return 0;
	memcpy(name, path.p, path.len);
	name[path.len] = '\0';
	if (request_method(name, &m) != 0 || body.len > REQUEST_MAX || request_parse(m, body, &rq, &e) < 0)
		return 0;
	if (name_check(rq.name, &e) < 0 || id_check(rq.id, &e) < 0) {
		if (reply_error(e.text, &b) < 0)
			abort();
		return 0;
	}
	if (strchr(rq.name, '/') || strlen(rq.name) > NAME_BYTES_MAX)
		abort();
	check_volume(&rq);
	return 0;
}
