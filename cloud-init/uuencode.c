#include "cloud-init/decode.h"

static struct view next_line(struct view *rest)
{
	struct view line = { rest->p, 0 };

	(void) view_line(rest, &line);
	return line;
}

/* "begin MODE NAME" with an octal mode. */
static bool is_begin(struct view line)
{
	struct view mode;

	if (!view_is(view_cut(&line, ' '), "begin") || line.len == 0)
		return false;
	mode = view_cut(&line, ' ');
	if (mode.len == 0 || line.p == mode.p + mode.len)
		return false;
	for (size_t i = 0; i < mode.len; i++)
		if (mode.p[i] < '0' || mode.p[i] > '7')
			return false;
	return true;
}

/* A count, then groups of six bits; missing ones are zero, what is too much is passed over. false: not of the alphabet. */
static bool decode_line(struct view line, struct buf *b, int *r)
{
	size_t left = line.len > 0 ? (size_t) (line.p[0] - ' ') & 63 : 0;
	unsigned bits = 0, have = 0;

	for (size_t i = 1; left > 0 && *r == 0; i++) {
		char c = i < line.len ? line.p[i] : ' ', byte;

		if (c < ' ' || c > ' ' + 64)
			return false;
		bits = (bits << 6 | ((unsigned) (c - ' ') & 63)) & 0xffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		byte = (char) (bits >> have & 0xff);
		*r = buf_add(b, &byte, 1);
		left--;
	}
	return true;
}

/* 0 or negative; *whole: there was a begin and an end. */
static int decode_all(struct view text, struct buf *b, bool *whole)
{
	int r = 0;

	*whole = false;
	while (text.len > 0 && !is_begin(next_line(&text)))
		;
	while (text.len > 0 && r == 0) {
		struct view line = next_line(&text);

		if (view_is(view_trim(line), "end")) {
			*whole = true;
			break;
		}
		if (!decode_line(line, b, &r))
			break;
	}
	return r;
}

int decode_uuencode(struct view text, struct buf *b)
{
	AUTO_BUF plain = { .limit = b->limit };
	bool whole;
	int r = decode_all(text, &plain, &whole);

	if (r < 0)
		return r;
	return whole ? buf_add(b, plain.p, plain.len) : buf_add(b, text.p, text.len);
}
