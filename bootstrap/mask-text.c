#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bootstrap/mask-text.h"
#include "bootstrap/mask.h"
#include "bootstrap/secret.h"

enum { KEY_ID = 20, SECRET_KEY = 40, TOKEN_LEAST = 64 };

static bool in_name(char c)
{
	return isalnum((unsigned char) c) || (c && strchr("_-.", c));
}

static bool in_token(char c)
{
	return isalnum((unsigned char) c) || (c && strchr("_-+/=", c));
}

/* AWS: key ids begin so and have 20 characters, secret keys have 40; session tokens and JWTs are longer. What is hashed has one case only. */
static bool is_key(struct view word)
{
	bool lower = false, upper = false, digit = false, slash = false;

	if (word.len == KEY_ID && (view_starts(word, "AKIA") || view_starts(word, "ASIA")))
		return true;
	for (size_t i = 0; i < word.len; i++) {
		lower = lower || islower((unsigned char) word.p[i]);
		upper = upper || isupper((unsigned char) word.p[i]);
		digit = digit || isdigit((unsigned char) word.p[i]);
		slash = slash || word.p[i] == '/';
	}
	if (!lower || !upper || !digit || word.p[0] == '/')
		return false;
	return word.len == SECRET_KEY || (word.len >= TOKEN_LEAST && (!slash || memchr(word.p, '+', word.len) || memchr(word.p, '=', word.len)));
}

static int add_words(struct view text, struct buf *b)
{
	int r = 0;

	while (text.len > 0 && r == 0) {
		struct view word = { text.p, 0 };

		while (word.len < text.len && in_token(text.p[word.len]))
			word.len++;
		if (word.len > 0)
			r = is_key(word) ? buf_printf(b, "%s", MASK) : buf_add(b, word.p, word.len);
		else
			r = buf_add(b, text.p, word.len = 1);
		text.p += word.len;
		text.len -= word.len;
	}
	return r;
}

/* What names no secret: URLs, then words. */
static int add_plain(struct view text, struct buf *b)
{
	AUTO_BUF urls = { .limit = text.len * 2 + 4096 };
	int r = mask_urls(text, &urls);

	return r < 0 ? r : add_words(buf_view(&urls), b);
}

/* How many bytes of text, behind the name, lead up to a value; 0: no value follows. Quotes may close the name, backslashes stand before them. */
static size_t to_value(struct view text)
{
	size_t i = 0;

	while (i < text.len && strchr("\"'\\] \t", text.p[i]) && text.p[i])
		i++;
	if (i == text.len || (text.p[i] != '=' && text.p[i] != ':'))
		return 0;
	for (i++; i < text.len && (text.p[i] == ' ' || text.p[i] == '='); i++)
		;
	return i;
}

/* Of a value in quotes (perhaps \" or \\\") what is inside; otherwise all of it. before: the quote with its backslashes. */
static size_t value_length(struct view text, size_t *before)
{
	size_t n = 0;
	const char *end;

	while (n < text.len && text.p[n] == '\\')
		n++;
	*before = 0;
	if (n == text.len || (text.p[n] != '"' && text.p[n] != '\''))
		return text.len;
	n++;
	*before = n;
	for (struct view rest = { text.p + n, text.len - n }; (end = memmem(rest.p, rest.len, text.p, n));) {
		/* one with more backslashes than at the beginning is within */
		if (end == text.p + n || end[-1] != '\\')
			return (size_t) (end - text.p) - n;
		rest = (struct view) { end + 1, rest.len - (size_t) (end + 1 - rest.p) };
	}
	return text.len - n;
}

/* "--password VALUE": what leads up to the value, and how long that is. */
static size_t option_value(struct view line, size_t in, size_t name, size_t *length)
{
	size_t i = name, from;

	while (in > 0 && in_name(line.p[in - 1]))
		in--;
	if (line.p[in] != '-' || (in > 0 && !strchr(" \t\"'[,", line.p[in - 1])))
		return 0;
	while (i < line.len && strchr(" \t\"',", line.p[i]) && line.p[i])
		i++;
	for (from = i; i < line.len && !strchr(" \t\"'", line.p[i]); i++)
		;
	*length = i - from;
	return *length > 0 && from > name ? from - name : 0;
}

/* "http://…/latest/api/token: timed out": a path that ends a sentence's object is no name. */
static bool is_path(struct view line, size_t at, size_t value)
{
	while (at > 0 && in_name(line.p[at - 1]))
		at--;
	return at > 0 && line.p[at - 1] == '/' && value >= 2 && line.p[value - 2] == ':';
}

static int mask_line_of_text(struct view line, struct buf *b)
{
	size_t end, before;
	int r = 0;

	while (r == 0 && secret_named(line, &end)) {
		size_t name = end, lead, n = 0;

		while (name < line.len && in_name(line.p[name]))
			name++;
		lead = to_value((struct view) { line.p + name, line.len - name });
		if (lead > 0 && is_path(line, end, name + lead))
			lead = 0;
		else if (lead == 0)
			lead = option_value(line, end, name, &n);
		r = add_plain((struct view) { line.p, name + lead }, b);
		line = (struct view) { line.p + name + lead, line.len - name - lead };
		if (lead == 0 || line.len == 0 || r < 0)
			continue;
		before = 0;
		if (n == 0)
			n = value_length(line, &before);
		r = buf_printf(b, "%.*s%s", (int) before, line.p, MASK);
		line = (struct view) { line.p + before + n, line.len - before - n };
	}
	return r < 0 ? r : add_plain(line, b);
}

int mask_text(struct view text, struct buf *b)
{
	bool in_key = false;
	struct view line;
	int r = 0;

	while (r == 0 && view_line(&text, &line)) {
		bool ends = memmem(line.p, line.len, "-----END ", 9) != NULL;

		if (memmem(line.p, line.len, "PRIVATE KEY-----", 16) && !ends)
			r = buf_printf(b, "%s", MASK);
		else if (!in_key)
			r = mask_line_of_text(line, b);
		in_key = !ends && (in_key || memmem(line.p, line.len, "PRIVATE KEY-----", 16));
		if (r == 0)
			r = buf_add(b, "\n", 1);
	}
	return r;
}

/* ---- JSON */

static struct json_object *masked(struct json_object *o);

static struct json_object *text_object(struct view text)
{
	return json_object_new_string_len(text.p ? text.p : "", (int) text.len);
}

static struct json_object *masked_string(struct json_object *o)
{
	struct view text = { json_object_get_string(o), (size_t) json_object_get_string_len(o) };
	AUTO_BUF b = { .limit = text.len * 8 + 4096 };

	if (mask_text(text, &b) < 0)
		return text_object(view_of(MASK));
	if (b.len > 0 && (text.len == 0 || text.p[text.len - 1] != '\n'))
		b.len--; /* mask_text() ends each line */
	return text_object(buf_view(&b));
}

/* "NAME=value" keeps its name. */
static struct json_object *masked_variable(struct json_object *o)
{
	struct view rest = { "", 0 }, name;
	AUTO_BUF b = { .limit = 65536 };

	if (json_object_is_type(o, json_type_string))
		rest = (struct view) { json_object_get_string(o), (size_t) json_object_get_string_len(o) };
	name = view_cut(&rest, '=');
	if (buf_printf(&b, "%.*s=%s", VIEW_ARG(name, (size_t) 256), MASK) < 0)
		return text_object(view_of(MASK));
	return text_object(buf_view(&b));
}

enum list_kind { LIST_PLAIN, LIST_VARIABLES, LIST_COMMAND };

static struct json_object *masked_list(struct json_object *o, enum list_kind kind)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < json_object_array_length(o); i++) {
		struct json_object *one = json_object_array_get_idx(o, i);
		bool hide = kind == LIST_COMMAND && i > 0;

		json_object_array_add(list, kind == LIST_VARIABLES ? masked_variable(one) : hide ? text_object(view_of(MASK)) : masked(one));
	}
	return list;
}

static enum list_kind kind_of(const char *key)
{
	static const char *const commands[] = { "Args", "Cmd", "Entrypoint", "Test" };

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(key, commands[i]) == 0)
			return LIST_COMMAND;
	return strcmp(key, "Env") == 0 ? LIST_VARIABLES : LIST_PLAIN;
}

static struct json_object *masked_member(const char *key, struct json_object *value)
{
	size_t unused;

	if (value && !json_object_is_type(value, json_type_boolean) && secret_named(view_of(key), &unused))
		return text_object(view_of(MASK));
	return json_object_is_type(value, json_type_array) ? masked_list(value, kind_of(key)) : masked(value);
}

/* A copy; its depth is bounded by json_parse(). */
static struct json_object *masked(struct json_object *o) /* NOLINT(misc-no-recursion) */
{
	struct json_object *copy;

	switch (json_object_get_type(o)) {
	case json_type_string:
		return masked_string(o);
	case json_type_array:
		return masked_list(o, LIST_PLAIN);
	case json_type_object:
		copy = json_object_new_object();
		json_object_object_foreach(o, key, value)
		{
			json_object_object_add(copy, key, masked_member(key, value));
		}
		return copy;
	default:
		return json_object_get(o);
	}
}

int mask_json(struct view text, struct buf *b)
{
	AUTO_JSON *o = NULL;
	AUTO_JSON *copy = NULL;
	struct json_place at;
	struct err unused;
	const char *shown;

	if (json_parse(text, &o, &at, &unused) < 0)
		return -EBADMSG;
	copy = masked(o);
	shown = json_object_to_json_string_ext(copy, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	return shown ? buf_printf(b, "%s\n", shown) : -ENOMEM;
}
