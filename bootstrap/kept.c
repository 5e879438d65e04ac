#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/kept.h"
#include "common/file.h"

enum { KEPT_MAX = 1 << 20 };

int kept_read(int root, const char *path, struct json_object **ret, struct err *e)
{
	AUTO_BUF text = { 0 };
	AUTO_JSON *doc = NULL;
	struct json_place at;
	struct err bad;
	int r = file_read(root, path, KEPT_MAX, &text, e);

	if (r < 0)
		return r;
	if (r == FILE_ABSENT || json_parse(buf_view(&text), &doc, &at, &bad) < 0 || !json_object_is_type(doc, json_type_object)) {
		json_putp(&doc);
		doc = json_object_new_object();
	}
	if (!doc)
		return err_set(e, -ENOMEM, "read '%s'", path);
	*ret = TAKE_PTR(doc);
	return 0;
}

static int make_parent(int root, const char *path, struct err *e)
{
	char dir[256];
	const char *slash = strrchr(path, '/');

	if (snprintf(dir, sizeof dir, "%.*s", (int) (slash - path), path) >= (int) sizeof dir)
		return err_set(e, -ENAMETOOLONG, "write '%s'", path);
	return dir_make(root, dir, 0755, e);
}

int kept_write(int root, const char *path, struct json_object *doc, struct err *e)
{
	const char *text = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	int r;

	if (!text)
		return err_set(e, -ENOMEM, "write '%s'", path);
	if (json_object_object_length(doc) == 0)
		return file_remove(root, path, e);
	r = make_parent(root, path, e);
	if (r == 0)
		r = file_replace(root, path, text, strlen(text), 0600, e);
	return r < 0 ? r : 0;
}

int kept_set(struct json_object *doc, const char *key, const char *text)
{
	struct json_object *value;

	if (!text) {
		json_object_object_del(doc, key);
		return 0;
	}
	value = json_object_new_string(text);
	if (value && json_object_object_add(doc, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}
