#include <ctype.h>
#include <string.h>

#include "bootstrap/mask.h"
#include "bootstrap/secret.h"
#include "common/parse.h"

static bool speaks_of_secrets(struct view text)
{
	size_t unused;

	return secret_named(text, &unused);
}

/* The last line of something in base64 looks like a name with an empty value. */
static bool is_rest_of_base64(struct view name, struct view value)
{
	bool lower = false;

	for (size_t i = 0; i < name.len; i++)
		lower = lower || islower((unsigned char) name.p[i]);
	return lower && (value.len == 0 || view_is(value, "="));
}

static int add_text(struct buf *b, struct view text)
{
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0; i++) {
		unsigned char c = (unsigned char) text.p[i];

		r = buf_add(b, c < 0x20 || c == 0x7f ? " " : text.p + i, 1);
	}
	return r;
}

/* What stands before an '@' and behind "//", or at the beginning: user and password. It ends where a host would. */
int mask_urls(struct view value, struct buf *b)
{
	int r = 0;

	while (r == 0 && value.len > 0) {
		const char *slashes = memmem(value.p, value.len, "//", 2);
		struct view head = { value.p, slashes ? (size_t) (slashes + 2 - value.p) : 0 }, host;
		const char *at;

		r = add_text(b, head);
		value.p += head.len;
		value.len -= head.len;
		host = (struct view) { value.p, 0 };
		while (host.len < value.len && !strchr("/ \t,;\"'", value.p[host.len]))
			host.len++;
		at = host.len > 0 ? memrchr(host.p, '@', host.len) : NULL;
		if (r == 0 && at)
			r = buf_printf(b, "%s", MASK);
		if (at)
			host = (struct view) { at, host.len - (size_t) (at - host.p) };
		if (r == 0)
			r = add_text(b, host);
		value.len -= (size_t) (host.p + host.len - value.p);
		value.p = host.p + host.len;
		if (r == 0 && !memmem(value.p, value.len, "//", 2)) {
			r = add_text(b, value);
			value.len = 0;
		}
	}
	return r;
}

int mask_line(struct view line, struct buf *b)
{
	struct view rest = view_trim(line), name, value;
	bool comment = view_starts(rest, "#");
	int r;

	if (!memchr(line.p ? line.p : "", '=', line.len)) {
		if (rest.len > 0 && (!comment || speaks_of_secrets(rest)))
			return buf_printf(b, "%s", MASK);
		return mask_urls(line, b);
	}
	value = line;
	name = view_cut(&value, '=');
	rest = view_trim(name);
	if (view_starts(rest, "export "))
		rest = view_trim((struct view) { rest.p + 7, rest.len - 7 });
	if (!comment && (!is_identifier(rest) || is_rest_of_base64(rest, view_trim(value))))
		return buf_printf(b, "%s", MASK);
	r = add_text(b, name);
	if (r == 0)
		r = buf_add(b, "=", 1);
	if (r < 0)
		return r;
	if (speaks_of_secrets(name) || (memchr(value.p, '{', value.len) && speaks_of_secrets(value)) || (comment && speaks_of_secrets(value)))
		return value.len > 0 ? buf_printf(b, "%s", MASK) : 0;
	return mask_urls(value, b);
}

static bool needs_mask(struct view line)
{
	return speaks_of_secrets(line) || memchr(line.p ? line.p : "", '@', line.len);
}

/* How much of '"NAME": VALUE' is not the value; 0: it is no such line. */
static size_t before_value(struct view line)
{
	size_t i = 0;

	while (i < line.len && isspace((unsigned char) line.p[i]))
		i++;
	if (i == line.len || line.p[i++] != '"')
		return 0;
	while (i < line.len && line.p[i] != '"')
		i += line.p[i] == '\\' ? 2 : 1;
	for (i++; i < line.len && line.p[i] != ':'; i++)
		if (!isspace((unsigned char) line.p[i]))
			return 0;
	return i < line.len ? i + 1 : 0;
}

/* Whether each string, list and object that begins in it ends in it, and no other does. */
static bool is_whole(struct view value)
{
	bool string = false;
	int depth = 0;

	for (size_t i = 0; i < value.len && depth >= 0; i++) {
		char c = value.p[i];

		if (c == '"')
			string = !string;
		else if (string && c == '\\')
			i++;
		else if (!string && (c == '{' || c == '['))
			depth++;
		else if (!string && (c == '}' || c == ']'))
			depth--;
	}
	return !string && depth == 0;
}

bool mask_json_fits(struct view text)
{
	struct view line;

	while (view_line(&text, &line)) {
		size_t n = before_value(line);
		struct view value = view_trim((struct view) { line.p + n, line.len - n });

		if (!needs_mask(line))
			continue;
		if (value.len == 0 || !is_whole(value) || (n == 0 && value.p[0] == '"'))
			return false;
	}
	return true;
}

int mask_json_line(struct view line, struct buf *b)
{
	size_t n = before_value(line);
	int r;

	if (!needs_mask(line))
		return add_text(b, line);
	r = add_text(b, (struct view) { line.p, n });
	return r < 0 ? r : buf_printf(b, "%s%s", n > 0 ? " " : "", MASK);
}

int mask_all(struct view line, struct buf *b)
{
	return line.len > 0 ? buf_printf(b, "%s", MASK) : 0;
}
