#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "cloud-init/decode.h"

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int decode_base64(struct view text, struct buf *b)
{
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < text.len && text.p[i] != '='; i++) {
		int digit = base64_digit(text.p[i]);
		char byte;
		int r;

		if (digit < 0)
			continue;
		bits = (bits << 6 | (unsigned) digit) & 0xffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		byte = (char) (bits >> have & 0xff);
		r = buf_add(b, &byte, 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands at "=…": an escaped byte (*byte, 3 consumed), a soft line end (no byte), or a plain '='. */
static size_t qp_escape(struct view rest, char *byte, bool *is_byte)
{
	*is_byte = true;
	*byte = '=';
	if (rest.len >= 3 && hex_digit(rest.p[1]) >= 0 && hex_digit(rest.p[2]) >= 0) {
		*byte = (char) (hex_digit(rest.p[1]) << 4 | hex_digit(rest.p[2]));
		return 3;
	}
	*is_byte = false;
	if (rest.len >= 2 && rest.p[1] == '\n')
		return 2;
	if (rest.len >= 2 && rest.p[1] == '\r')
		return rest.len >= 3 && rest.p[2] == '\n' ? 3 : 2;
	*is_byte = true;
	return 1;
}

int decode_quoted_printable(struct view text, struct buf *b)
{
	while (text.len > 0) {
		bool is_byte = true;
		char byte = text.p[0];
		size_t n = byte == '=' ? qp_escape(text, &byte, &is_byte) : 1;
		int r = is_byte ? buf_add(b, &byte, 1) : 0;

		if (r < 0)
			return r;
		text.p += n;
		text.len -= n;
	}
	return 0;
}

bool looks_like_base64(struct view text)
{
	size_t digits = 0, padding = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=')
			padding++;
		else if (base64_digit(c) < 0 || padding > 0)
			return false;
		else
			digits++;
	}
	return digits > 0 && padding <= 2 && (digits + padding) % 4 == 0;
}

bool looks_like_gzip(struct view text)
{
	return text.len > 2 && memcmp(text.p, "\x1f\x8b", 2) == 0;
}

/* One member; *text is moved behind it. */
static int inflate_member(z_stream *z, struct view *text, struct buf *b)
{
	char chunk[16384];
	int r, rc;

	do {
		z->next_out = (Bytef *) chunk;
		z->avail_out = sizeof chunk;
		rc = inflate(z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END)
			return -EBADMSG;
		r = buf_add(b, chunk, sizeof chunk - z->avail_out);
		if (r < 0)
			return r;
	} while (rc != Z_STREAM_END);
	*text = (struct view) { text->p + text->len - z->avail_in, z->avail_in };
	return 0;
}

int decode_gzip(struct view text, struct buf *b, struct err *e)
{
	z_stream z = { 0 };
	int r = 0;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return err_set(e, -ENOMEM, "decompress user data");
	do {
		z.next_in = (Bytef *) (uintptr_t) text.p;
		z.avail_in = (uInt) text.len;
		r = inflate_member(&z, &text, b);
		(void) inflateReset(&z);
	} while (r == 0 && looks_like_gzip(text));
	(void) inflateEnd(&z);
	if (r == -EMSGSIZE)
		return err_say(e, r, "decompress user data: larger than %zu bytes", b->limit);
	return r < 0 ? err_say(e, r, "decompress user data: the gzip data is damaged or cut short") : 0;
}
