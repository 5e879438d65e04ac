#include <errno.h>
#include <string.h>

#include "efs/plugin/names.h"
#include "efs/plugin/request.h"

static const struct {
	const char *path;
	bool        has_body;
} methods[METHOD_COUNT_] = {
	[METHOD_ACTIVATE]     = { "/Plugin.Activate", false },
	[METHOD_CREATE]       = { "/VolumeDriver.Create", true },
	[METHOD_GET]          = { "/VolumeDriver.Get", true },
	[METHOD_LIST]         = { "/VolumeDriver.List", false },
	[METHOD_PATH]         = { "/VolumeDriver.Path", true },
	[METHOD_MOUNT]        = { "/VolumeDriver.Mount", true },
	[METHOD_UNMOUNT]      = { "/VolumeDriver.Unmount", true },
	[METHOD_REMOVE]       = { "/VolumeDriver.Remove", true },
	[METHOD_CAPABILITIES] = { "/VolumeDriver.Capabilities", false },
};

int request_method(const char *path, enum method *ret)
{
	for (unsigned i = 0; i < METHOD_COUNT_; i++) {
		if (strcmp(methods[i].path, path) == 0) {
			*ret = (enum method) i;
			return 0;
		}
	}
	return PATH_UNKNOWN;
}

void request_done(struct request *r)
{
	json_putp(&r->body);
}

/* A member that may be absent or null, as Go decodes it. */
static int take_text(struct json_object *body, const char *key, const char **ret, struct err *e)
{
	struct json_object *o;

	*ret = "";
	if (!json_object_object_get_ex(body, key, &o) || !o)
		return 0;
	if (!json_object_is_type(o, json_type_string))
		return err_say(e, -EBADMSG, "read the request: %s is no string", key);
	*ret = json_object_get_string(o);
	return 0;
}

static int take_options(struct json_object *body, struct json_object **ret, struct err *e)
{
	struct json_object *o;

	if (!json_object_object_get_ex(body, "Opts", &o) || !o)
		return 0;
	if (!json_object_is_type(o, json_type_object))
		return err_say(e, -EBADMSG, "read the request: Opts is no object");
	json_object_object_foreach(o, key, value) {
		if (!json_object_is_type(value, json_type_string))
			return err_say(e, -EBADMSG, "read the request: the option %.64s is no string", key);
	}
	*ret = o;
	return 0;
}

int request_parse(enum method m, struct view body, struct request *ret, struct err *e)
{
	struct request rq = { .method = m, .name = "", .id = "" };
	AUTO_JSON *o = NULL;
	struct json_place where;
	int r;

	if (!methods[m].has_body) {
		*ret = rq;
		return 0;
	}
	if (json_parse(body, &o, &where, e) < 0)
		return err_wrap(e, "read the request: byte %u of line %u", where.column, where.line);
	if (o && !json_object_is_type(o, json_type_object))
		return err_say(e, -EBADMSG, "read the request: it is no JSON object");
	r = take_text(o, "Name", &rq.name, e);
	if (r == 0)
		r = take_text(o, "ID", &rq.id, e);
	if (r == 0)
		r = take_options(o, &rq.options, e);
	if (r < 0)
		return r;
	rq.body = TAKE_PTR(o);
	*ret = rq;
	return 0;
}

/* ---- answers */

static int print(struct json_object *o, struct buf *b)
{
	size_t n = 0;
	const char *text = o ? json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n) : NULL;

	return text && buf_add(b, text, n) == 0 ? buf_add(b, "\n", 1) : -ENOMEM;
}

/* Empty texts are left out, as by Go's omitempty. */
static int put_text(struct json_object *o, const char *key, const char *text)
{
	struct json_object *value;

	if (!o || !text[0])
		return o ? 0 : -ENOMEM;
	value = json_object_new_string(text);
	return value ? json_object_object_add(o, key, value) : -ENOMEM;
}

int reply_done(enum method m, struct buf *b)
{
	/* The peer prints a manifest by hand, with a blank, and answers null for Capabilities: dockerd then takes scope local. */
	const char *text = m == METHOD_ACTIVATE ? "{\"Implements\": [\"VolumeDriver\"]}\n" :
	                   m == METHOD_CAPABILITIES ? "null\n" : "{}\n";

	return buf_add(b, text, strlen(text));
}

int reply_volume(const struct volume *v, struct buf *b)
{
	AUTO_JSON *o = json_object_new_object();
	struct json_object *inner = json_object_new_object();
	const char *created = volume_created(v);

	if (!o || !inner || json_object_object_add(o, "Volume", inner) < 0) {
		json_object_put(inner);
		return -ENOMEM;
	}
	if (put_text(inner, "Name", v->name) < 0 || put_text(inner, "Mountpoint", volume_path(v)) < 0 ||
	    put_text(inner, "CreatedAt", is_time(created) ? created : "") < 0)
		return -ENOMEM;
	return print(o, b);
}

int reply_list(const struct volumes *t, struct buf *b)
{
	AUTO_JSON *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!o || !list || json_object_object_add(o, "Volumes", list) < 0) {
		json_object_put(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < t->count; i++) {
		struct json_object *one = json_object_new_object();

		if (!one || put_text(one, "Name", t->list[i]->name) < 0 || json_object_array_add(list, one) < 0) {
			json_object_put(one);
			return -ENOMEM;
		}
	}
	return print(o, b);
}

static int reply_text(const char *key, const char *text, struct buf *b)
{
	AUTO_JSON *o = json_object_new_object();

	return put_text(o, key, text) == 0 ? print(o, b) : -ENOMEM;
}

int reply_mountpoint(const struct volume *v, struct buf *b)
{
	return reply_text("Mountpoint", volume_path(v), b);
}

int reply_error(const char *text, struct buf *b)
{
	return reply_text("Err", text, b);
}
