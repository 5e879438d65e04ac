#include <errno.h>

#include "common/parse.h"

int parse_u64(struct view text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (text.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned) (text.p[i] - '0');

		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		if (n > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	if (n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int parse_duration(struct view text, uint64_t max, uint64_t *ret)
{
	char unit = text.len > 0 ? text.p[text.len - 1] : 0;
	uint64_t each = unit == 'h' ? 3600 : unit == 'm' ? 60 : 1, n;
	int r;

	if (each > 1 || unit == 's')
		text.len--;
	r = parse_u64(text, max / each, &n);
	if (r == 0)
		*ret = n * each;
	return r;
}

int parse_bool(struct view text, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (view_is(text, yes[i]) || view_is(text, no[i])) {
			*ret = view_is(text, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

bool is_identifier(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return text.len > 0;
}
