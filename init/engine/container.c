#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "init/engine/container.h"
#include "init/engine/load-reply.h"

enum {
	LOAD_STALL_S = 120, /* dockerd unpacks without a word; nothing at all for so long means it hangs */
	LOGS_MAX = 256 << 10,
	LOAD_REPLY_MAX = 8 << 20, /* it is a few lines; one without an end is no reply */
};

static bool fits(char *to, size_t size, const char *from)
{
	return from && from[0] && snprintf(to, size, "%s", from) < (int) size;
}

int id_read(struct json_object *o, char ret_id[80])
{
	const char *id = json_text(o, "Id", NULL);
	size_t n = 0;

	while (id && (isalnum((unsigned char) id[n]) || (id[n] && strchr(":._-", id[n]))))
		n++;
	return id && !id[n] && fits(ret_id, 80, id) ? 0 : -EBADMSG;
}

/* A caller is told only of the answer that it knows how to take; any other is a failure with Docker's words. */
static int only(int r, int known, const struct err *e)
{
	return r > 0 && r != known ? e->code : r;
}

static int bad_reply(const char *what, struct err *e)
{
	return err_say(e, -EBADMSG, "%s: Docker's reply lacks a field or has one of another type", what);
}

int container_read(struct json_object *o, struct container *ret)
{
	struct container c = { .pid = 0 };
	struct json_object *running, *pid, *code;
	const char *hash = json_text(o, "Config", "Labels", HASH_LABEL, NULL);

	if (id_read(o, c.id) < 0 || json_get(o, json_type_boolean, &running, "State", "Running", NULL) < 0 ||
	    json_get(o, json_type_int, &pid, "State", "Pid", NULL) < 0 ||
	    json_get(o, json_type_int, &code, "State", "ExitCode", NULL) < 0)
		return -EBADMSG;
	(void) fits(c.hash, sizeof c.hash, hash);
	c.running = json_object_get_boolean(running);
	c.pid = json_object_get_int(pid) > 0 ? json_object_get_int(pid) : 0;
	c.exit_code = json_object_get_int(code);
	*ret = c;
	return 0;
}

int container_inspect(struct docker *d, const char *name, struct container *ret, struct err *e)
{
	AUTO_JSON *o = NULL;
	char path[160];
	int r;

	snprintf(path, sizeof path, "/containers/%.80s/json", name);
	r = only(docker_call(d, &(struct docker_call) { .method = "GET", .path = path }, &o, e), DOCKER_NOT_FOUND, e);
	if (r != 0)
		return r;
	return container_read(o, ret) < 0 ? bad_reply("inspect container", e) : 0;
}

int container_create(struct docker *d, const char *name, struct json_object *request, char ret_id[80], struct err *e)
{
	AUTO_JSON *o = NULL;
	char path[160];
	int r;

	snprintf(path, sizeof path, "/containers/create?name=%.80s", name);
	r = docker_call(d, &(struct docker_call) { .method = "POST", .path = path, .body = request }, &o, e);
	if (r != 0)
		return r;
	return id_read(o, ret_id) < 0 ? bad_reply("create container", e) : 0;
}

static int post(struct docker *d, const char *id, const char *verb, long total_ms, struct err *e)
{
	char path[256];

	snprintf(path, sizeof path, "/containers/%.80s/%s", id, verb);
	return docker_call(d, &(struct docker_call) { .method = "POST", .path = path, .total_ms = total_ms }, NULL, e);
}

int container_start(struct docker *d, const char *id, struct err *e)
{
	int r = post(d, id, "start", 0, e);

	return r == DOCKER_NOT_MODIFIED ? 0 : r;
}

int container_stop(struct docker *d, const char *id, unsigned grace_s, struct err *e)
{
	char verb[32];

	snprintf(verb, sizeof verb, "stop?t=%u", grace_s);
	return post(d, id, verb, (long) grace_s * 1000 + DOCKER_CALL_MS, e);
}

int container_remove(struct docker *d, const char *id, struct err *e)
{
	char path[160];
	int r;

	snprintf(path, sizeof path, "/containers/%.80s?force=1", id);
	r = docker_call(d, &(struct docker_call) { .method = "DELETE", .path = path }, NULL, e);
	return r == DOCKER_NOT_FOUND || r == DOCKER_CONFLICT ? 0 : r; /* conflict: a removal is under way */
}

int container_rename(struct docker *d, const char *id, const char *name, struct err *e)
{
	char verb[128];

	snprintf(verb, sizeof verb, "rename?name=%.80s", name);
	return post(d, id, verb, 0, e);
}

int container_read_exit(struct json_object *o, int *ret_code)
{
	struct json_object *code;

	if (json_get(o, json_type_int, &code, "StatusCode", NULL) < 0)
		return -EBADMSG;
	*ret_code = json_object_get_int(code);
	return 0;
}

int container_wait(struct docker *d, const char *id, long wait_ms, int *ret_code, struct err *e)
{
	AUTO_JSON *o = NULL;
	char path[160];
	int r;

	snprintf(path, sizeof path, "/containers/%.80s/wait", id);
	r = only(docker_call(d, &(struct docker_call) { .method = "POST", .path = path, .total_ms = wait_ms }, &o, e), DOCKER_NOT_FOUND, e);
	if (r != 0)
		return r;
	return container_read_exit(o, ret_code) < 0 ? bad_reply("wait for container", e) : 0;
}

int unframe_logs(struct view framed, struct buf *b)
{
	while (framed.len > 0) {
		const unsigned char *h = (const unsigned char *) framed.p;
		bool header = framed.len >= 8 && h[0] <= 2 && h[1] == 0 && h[2] == 0 && h[3] == 0;
		size_t n = framed.len, skip = header ? 8 : 0;
		int r;

		if (header)
			n = (size_t) h[4] << 24 | (size_t) h[5] << 16 | (size_t) h[6] << 8 | h[7];
		framed.p += skip;
		framed.len -= skip;
		if (n > framed.len)
			n = framed.len;
		r = buf_add(b, framed.p, n);
		if (r < 0)
			return r;
		framed.p += n;
		framed.len -= n;
	}
	return 0;
}

static bool keep_chunk(void *ctx, struct view chunk)
{
	return buf_add(ctx, chunk.p, chunk.len) == 0;
}

int container_logs(struct docker *d, const char *id, unsigned lines, struct buf *b, struct err *e)
{
	AUTO_BUF framed = { .limit = LOGS_MAX };
	char path[192];
	int r;

	snprintf(path, sizeof path, "/containers/%.80s/logs?stdout=1&stderr=1&timestamps=1&tail=%u", id, lines);
	r = docker_call(d, &(struct docker_call) { .method = "GET", .path = path, .on_chunk = keep_chunk, .ctx = &framed }, NULL, e);
	r = only(r, DOCKER_NOT_FOUND, e);
	if (r != 0 && r != -ECANCELED) /* cancelled: more than we keep; the first part will do */
		return r;
	r = unframe_logs(buf_view(&framed), b);
	return r < 0 ? err_set(e, r, "read the log of container '%.12s'", id) : 0;
}

int image_id(struct docker *d, const char *name, char ret_id[80], struct err *e)
{
	AUTO_JSON *o = NULL;
	char path[160];
	int r;

	snprintf(path, sizeof path, "/images/%.100s/json", name);
	r = only(docker_call(d, &(struct docker_call) { .method = "GET", .path = path }, &o, e), DOCKER_NOT_FOUND, e);
	if (r != 0)
		return r;
	return id_read(o, ret_id) < 0 ? bad_reply("inspect image", e) : 0;
}

struct load_call {
	struct load_reply reply;
	size_t            total;
};

static bool on_load_reply(void *ctx, struct view chunk)
{
	struct load_call *l = ctx;

	load_reply_add(&l->reply, chunk);
	l->total += chunk.len;
	return l->total <= LOAD_REPLY_MAX; /* one without an end would be read for ever */
}

int image_load(struct docker *d, int tar_fd, struct err *e)
{
	struct load_call l = { .reply.image = AGENT_IMAGE };
	struct docker_call c = { .method = "POST", .path = "/images/load?quiet=1", .body_fd = tar_fd, .total_ms = -1,
				 .stall_s = LOAD_STALL_S, .on_chunk = on_load_reply, .ctx = &l };
	int r = docker_call(d, &c, NULL, e);

	if (r == -ECANCELED)
		return err_say(e, -EMSGSIZE, "load image: Docker's reply is larger than %d bytes", LOAD_REPLY_MAX);
	return r != 0 ? r : load_reply_end(&l.reply, e);
}

int bridge_read(struct json_object *o, char ret_name[16])
{
	ret_name[0] = '\0';
	if (!json_object_is_type(o, json_type_array))
		return -EBADMSG;
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		struct json_object *net = json_object_array_get_idx(o, i);
		const char *is_default = json_text(net, "Options", "com.docker.network.bridge.default_bridge", NULL);
		const char *name = json_text(net, "Options", "com.docker.network.bridge.name", NULL);

		if (is_default && strcmp(is_default, "true") == 0 && fits(ret_name, 16, name))
			return 0;
		ret_name[0] = '\0'; /* of one that did not fit */
	}
	return 0;
}

int bridge_name(struct docker *d, char ret[16], struct err *e)
{
	static const char filter[] = "/networks?filters=%7B%22driver%22%3A%5B%22bridge%22%5D%7D";
	AUTO_JSON *o = NULL;
	int r = docker_call(d, &(struct docker_call) { .method = "GET", .path = filter }, &o, e);

	if (r != 0)
		return r;
	return bridge_read(o, ret) < 0 ? bad_reply("list networks", e) : 0;
}
