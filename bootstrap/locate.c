#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/locate.h"

struct cursor {
	struct view       rest;
	struct json_place at;
};

static char peek(const struct cursor *c)
{
	return c->rest.len > 0 ? c->rest.p[0] : '\0';
}

static void advance(struct cursor *c)
{
	if (c->rest.len == 0)
		return;
	c->at.column++;
	if (c->rest.p[0] == '\n')
		c->at = (struct json_place) { c->at.line + 1, 1 };
	c->rest.p++;
	c->rest.len--;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct cursor *c)
{
	while (c->rest.len > 0 && is_blank(peek(c)))
		advance(c);
}

/* Blanks, then c itself if it is there. */
static bool skip(struct cursor *c, char want)
{
	skip_blanks(c);
	if (c->rest.len == 0 || peek(c) != want)
		return false;
	advance(c);
	return true;
}

/* A string with its quotes. */
static struct view take_string(struct cursor *c)
{
	struct view s = c->rest;

	advance(c);
	while (c->rest.len > 0 && peek(c) != '"') {
		if (peek(c) == '\\')
			advance(c);
		advance(c);
	}
	advance(c);
	s.len = (size_t) (c->rest.p - s.p);
	return s;
}

static void skip_value(struct cursor *c)
{
	size_t depth = 0;

	do {
		char now = peek(c);

		if (now == '"') {
			(void) take_string(c);
			continue;
		}
		if (now == '{' || now == '[')
			depth++;
		if ((now == '}' || now == ']') && depth > 0)
			depth--;
		advance(c);
	} while (c->rest.len > 0 && (depth > 0 || (!strchr(",]}", peek(c)) && !is_blank(peek(c)))));
}

/* Undoing escapes is json-c's work; most keys have none. */
static bool same_key(struct view quoted, const char *key)
{
	AUTO_JSON *name = NULL;
	struct json_place unused;
	struct err e;

	if (quoted.len < 2)
		return false;
	if (!memchr(quoted.p, '\\', quoted.len))
		return view_is((struct view) { quoted.p + 1, quoted.len - 2 }, key);
	return json_parse(quoted, &name, &unused, &e) == 0 && json_object_is_type(name, json_type_string) &&
	       strcmp(json_object_get_string(name), key) == 0;
}

static bool find_member(struct cursor *c, const char *key, struct json_place *ret_key)
{
	struct cursor found = { .rest = { NULL, 0 } };

	if (!skip(c, '{'))
		return false;
	do {
		struct json_place at;
		struct view name;

		skip_blanks(c);
		at = c->at;
		if (peek(c) != '"')
			break;
		name = take_string(c);
		if (!skip(c, ':'))
			break;
		skip_blanks(c);
		if (same_key(name, key)) {
			found = *c;
			*ret_key = at;
		}
		skip_value(c);
	} while (skip(c, ','));
	*c = found;
	return found.rest.p;
}

static bool find_element(struct cursor *c, size_t index)
{
	if (!skip(c, '['))
		return false;
	skip_blanks(c);
	while (c->rest.len > 0 && peek(c) != ']') {
		if (index-- == 0)
			return true;
		skip_value(c);
		if (!skip(c, ','))
			break;
		skip_blanks(c);
	}
	return false;
}

bool json_locate(struct view text, const struct json_path *path, enum locate what, struct json_place *ret)
{
	struct cursor c = { .rest = text, .at = { 1, 1 } };
	struct json_place key;

	skip_blanks(&c);
	key = c.at;
	for (unsigned i = 0; i < path->n; i++) {
		bool found = path->step[i].key ? find_member(&c, path->step[i].key, &key) : find_element(&c, path->step[i].index);

		if (!found)
			return false;
		if (!path->step[i].key)
			key = c.at;
	}
	*ret = what == LOCATE_KEY ? key : c.at;
	return true;
}

/* The walk through all of a document. */
struct search {
	struct cursor    c;
	struct json_path path;
	duplicate_fn    *fn;
	void            *ctx;
};

static int search_value(struct search *s);

static int search_list(struct search *s)
{
	int r = 0;

	(void) skip(&s->c, '[');
	s->path.step[s->path.n++].key = NULL;
	for (size_t i = 0; r == 0 && !skip(&s->c, ']') && s->c.rest.len > 0; i++) {
		s->path.step[s->path.n - 1].index = i;
		r = search_value(s);
		(void) skip(&s->c, ',');
	}
	s->path.n--;
	return r;
}

/* seen: the keys of this object so far, each with its place as one number. */
static int search_key(struct search *s, const char *key, struct json_place at, struct json_object *seen)
{
	struct json_object *had, *place;
	int64_t n;

	s->path.step[s->path.n - 1].key = key;
	if (json_object_object_get_ex(seen, key, &had)) {
		n = json_object_get_int64(had);
		s->fn(s->ctx, &s->path, (struct json_place) { (unsigned) (n >> 32), (unsigned) n }, at);
		return 0;
	}
	place = json_object_new_int64((int64_t) at.line << 32 | at.column);
	if (place && json_object_object_add(seen, key, place) == 0)
		return 0;
	json_object_put(place);
	return -ENOMEM;
}

static int search_object(struct search *s)
{
	AUTO_JSON *seen = json_object_new_object();
	int r = seen ? 0 : -ENOMEM;

	(void) skip(&s->c, '{');
	s->path.n++;
	while (r == 0 && !skip(&s->c, '}') && peek(&s->c) == '"') {
		AUTO_JSON *name = NULL;
		struct json_place at = s->c.at, unused;
		struct err e;

		r = json_parse(take_string(&s->c), &name, &unused, &e) < 0 ? -ENOMEM : 0;
		if (r == 0)
			r = search_key(s, json_object_get_string(name), at, seen);
		(void) skip(&s->c, ':');
		if (r == 0)
			r = search_value(s);
		(void) skip(&s->c, ',');
	}
	s->path.n--;
	return r;
}

static int search_value(struct search *s)
{
	skip_blanks(&s->c);
	if (s->path.n < JSON_PATH_MAX && peek(&s->c) == '{')
		return search_object(s);
	if (s->path.n < JSON_PATH_MAX && peek(&s->c) == '[')
		return search_list(s);
	skip_value(&s->c);
	return 0;
}

int json_duplicates(struct view text, duplicate_fn *fn, void *ctx)
{
	struct search s = { .c = { text, { 1, 1 } }, .fn = fn, .ctx = ctx };

	return search_value(&s);
}

static bool is_plain(const char *key)
{
	for (const char *c = key; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '-'))
			return false;
	return key[0];
}

const char *json_path_text(const struct json_path *path, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < path->n && used < size; i++) {
		const char *key = path->step[i].key;
		int n;

		if (!key)
			n = snprintf(text + used, size - used, "[%zu]", path->step[i].index);
		else if (is_plain(key))
			n = snprintf(text + used, size - used, "%s%.60s", i > 0 ? "." : "", key);
		else
			n = snprintf(text + used, size - used, "[\"%.60s\"]", key);
		used += n > 0 ? (size_t) n : 0;
	}
	return text;
}
