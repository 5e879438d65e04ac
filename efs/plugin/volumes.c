#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "efs/plugin/names.h"
#include "efs/plugin/volumes.h"

static struct json_object *child(struct json_object *o, const char *key)
{
	struct json_object *found = NULL;

	return json_object_object_get_ex(o, key, &found) ? found : NULL;
}

static const char *text_of(const struct volume *v, const char *key)
{
	const char *text = json_text(v->entry, key, NULL);

	return text ? text : "";
}

const char *volume_type(const struct volume *v)
{
	return text_of(v, "type");
}

const char *volume_path(const struct volume *v)
{
	return text_of(v, "path");
}

const char *volume_created(const struct volume *v)
{
	return text_of(v, "createdAt");
}

const char *volume_option(const struct volume *v, const char *name)
{
	const char *text = json_text(v->entry, "options", name, NULL);

	return text ? text : "";
}

bool volume_is_ours(const struct volume *v)
{
	const char *path = volume_path(v);
	size_t n = strlen(VOLUMES_DIR);
	struct err unused;

	return name_check(v->name, &unused) == 0 && strncmp(path, VOLUMES_DIR "/", n + 1) == 0 && strcmp(path + n + 1, v->name) == 0;
}

/* ---- users */

size_t volume_users(const struct volume *v)
{
	struct json_object *mounts = child(v->entry, "mounts");

	return mounts ? (size_t) json_object_object_length(mounts) : 0;
}

unsigned volume_count(const struct volume *v, const char *id)
{
	struct json_object *mounts = child(v->entry, "mounts"), *n = mounts ? child(mounts, id) : NULL;

	return n ? (unsigned) json_object_get_int(n) : 0;
}

int volume_count_up(struct volume *v, const char *id)
{
	struct json_object *mounts = child(v->entry, "mounts"), *n;

	if (!mounts) {
		mounts = json_object_new_object();
		if (!mounts || json_object_object_add(v->entry, "mounts", mounts) < 0)
			return -ENOMEM;
	}
	n = json_object_new_int((int) volume_count(v, id) + 1);
	return n && json_object_object_add(mounts, id, n) == 0 ? 0 : -ENOMEM;
}

void volume_count_down(struct volume *v, const char *id)
{
	struct json_object *mounts = child(v->entry, "mounts"), *n = mounts ? child(mounts, id) : NULL;

	if (!n)
		return;
	if (json_object_get_int(n) > 1)
		(void) json_object_set_int(n, json_object_get_int(n) - 1);
	else
		json_object_object_del(mounts, id);
	if (json_object_object_length(mounts) == 0)
		json_object_object_del(v->entry, "mounts"); /* empty members are left out, as by the peer */
}

void volume_forget_users(struct volume *v)
{
	json_object_object_del(v->entry, "mounts");
}

/* ---- the list */

int volumes_new(struct volumes *t)
{
	struct json_object *o;

	*t = (struct volumes) { .document = json_object_new_object() };
	o = json_object_new_object();
	if (!t->document || !o || json_object_object_add(t->document, "volumes", o) < 0) {
		json_object_put(o);
		return -ENOMEM;
	}
	return 0;
}

void volumes_done(struct volumes *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->list[i]);
	free(t->list);
	json_object_put(t->document);
	*t = (struct volumes) { .document = NULL };
}

/* Where name stands, or where it would. */
static size_t place_of(const struct volumes *t, const char *name)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(t->list[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct volume *volumes_find(const struct volumes *t, const char *name)
{
	size_t i = place_of(t, name);

	return i < t->count && strcmp(t->list[i]->name, name) == 0 ? t->list[i] : NULL;
}

/* An entry that is in the document already gets its place in the list. */
static struct volume *enlist(struct volumes *t, const char *name, struct json_object *entry)
{
	size_t i = place_of(t, name);
	struct volume *v;

	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 16;
		struct volume **list = realloc(t->list, room * sizeof(struct volume *));

		if (!list)
			return NULL;
		t->list = list;
		t->room = room;
	}
	v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	*v = (struct volume) { .name = name, .entry = entry };
	memmove(t->list + i + 1, t->list + i, (t->count - i) * sizeof(struct volume *));
	t->list[i] = v;
	t->count++;
	return v;
}

/* The document's own copy of a key: it lives as long as the entry. */
static const char *key_of(struct json_object *all, const char *name)
{
	struct lh_entry *found = lh_table_lookup_entry(json_object_get_object(all), name);

	return found ? lh_entry_k(found) : NULL;
}

static int add_text(struct json_object *o, const char *key, const char *text)
{
	struct json_object *value;

	if (!text[0])
		return 0;
	value = json_object_new_string(text);
	return value && json_object_object_add(o, key, value) == 0 ? 0 : -ENOMEM;
}

struct volume *volumes_add(struct volumes *t, const char *name, const char *type, const char *path, struct json_object *options)
{
	struct json_object *all = child(t->document, "volumes"), *entry = json_object_new_object();
	struct volume *v;

	if (!entry || add_text(entry, "type", type) < 0 || add_text(entry, "path", path) < 0 ||
	    json_object_object_add(all, name, entry) < 0) {
		json_object_put(entry);
		return NULL;
	}
	if (options && json_object_object_length(options) > 0)
		(void) json_object_object_add(entry, "options", json_object_get(options));
	v = enlist(t, key_of(all, name), entry);
	if (!v)
		json_object_object_del(all, name);
	return v;
}

void volumes_remove(struct volumes *t, struct volume *v)
{
	size_t i = place_of(t, v->name);

	memmove(t->list + i, t->list + i + 1, (t->count - i - 1) * sizeof(struct volume *));
	t->count--;
	json_object_object_del(child(t->document, "volumes"), v->name);
	free(v);
}
