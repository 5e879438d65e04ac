#include <string.h>

#include "common/imds-reply.h"

static bool is_made_of(struct view text, const char *chars)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.p[i] || !strchr(chars, text.p[i]))
			return false;
	return true;
}

static bool is_visible(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	return true;
}

static void keep(struct view text, char *ret)
{
	memcpy(ret, text.p, text.len);
	ret[text.len] = '\0';
}

bool imds_reply_token(struct view body, struct view *ret)
{
	*ret = view_trim(body);
	return ret->len > 0 && ret->len <= IMDS_TOKEN_MAX && is_visible(*ret);
}

bool imds_reply_instance_id(struct view body, char ret[IMDS_ID_SIZE])
{
	struct view id = view_trim(body);

	if (id.len < 10 || id.len >= IMDS_ID_SIZE || !view_starts(id, "i-") || !is_made_of((struct view) { id.p + 2, id.len - 2 }, "0123456789abcdef"))
		return false;
	keep(id, ret);
	return true;
}

/* IAM's names are made of letters, digits and _+=,.@-. */
bool imds_reply_role(struct view body, char ret[IMDS_ROLE_SIZE])
{
	struct view rest = view_trim(body), line = { "", 0 };

	if (!view_line(&rest, &line) || line.len == 0 || line.len >= IMDS_ROLE_SIZE || view_is(line, ".") || view_is(line, ".."))
		return false;
	if (!is_made_of(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-"))
		return false;
	keep(line, ret);
	return true;
}

bool imds_reply_word(struct view body, char *ret, size_t size)
{
	struct view word = view_trim(body);

	if (word.len == 0 || word.len >= size || !is_made_of(word, "abcdefghijklmnopqrstuvwxyz0123456789-.:"))
		return false;
	keep(word, ret);
	return true;
}
