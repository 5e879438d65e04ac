#include <stdint.h>

#include "cloud-init/utf8.h"

static size_t length_by_first(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

size_t utf8_char(struct view v)
{
	size_t n = v.len > 0 ? length_by_first((unsigned char) v.p[0]) : 0;
	unsigned char second;

	if (n == 0 || n > v.len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char) v.p[i] & 0xc0) != 0x80)
			return 0;
	if (n < 3)
		return n;
	/* Overlong forms, surrogates, and what lies over U+10FFFF. */
	second = (unsigned char) v.p[1];
	switch ((unsigned char) v.p[0]) {
	case 0xe0:
		return second >= 0xa0 ? n : 0;
	case 0xed:
		return second < 0xa0 ? n : 0;
	case 0xf0:
		return second >= 0x90 ? n : 0;
	case 0xf4:
		return second < 0x90 ? n : 0;
	default:
		return n;
	}
}

size_t utf8_find_invalid(struct view v)
{
	size_t at = 0;

	while (at < v.len) {
		size_t n = utf8_char((struct view) { v.p + at, v.len - at });

		if (n == 0)
			return at;
		at += n;
	}
	return at;
}

int utf8_from(struct view text, enum utf8_source source, struct buf *ret)
{
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0;) {
		struct view rest = { text.p + i, text.len - i };
		unsigned char c = (unsigned char) text.p[i];
		size_t n = source == UTF8_FROM_UTF8 ? utf8_char(rest) : c < 0x80 ? 1 : 0;
		char two[2] = { (char) (0xc0 | c >> 6), (char) (0x80 | (c & 0x3f)) };

		if (n > 0)
			r = buf_add(ret, rest.p, n);
		else if (source == UTF8_FROM_LATIN1)
			r = buf_add(ret, two, 2);
		else
			r = buf_add(ret, "\xef\xbf\xbd", 3);
		i += n > 0 ? n : 1;
	}
	return r;
}
