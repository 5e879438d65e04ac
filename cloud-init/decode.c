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

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static int add_without_line_ends(struct view text, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0; i++)
		if (!is_line_end(text.p[i]))
			r = buf_add(b, text.p + i, 1);
	return r;
}

int decode_base64(struct view text, struct buf *b)
{
	unsigned bits = 0, digits = 0, padding = 0;
	size_t from = b->len;
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0; i++) {
		int digit = base64_digit(text.p[i]);
		char byte;

		if (text.p[i] == '=' && digits >= 2 && digits + ++padding >= 4)
			return 0; /* what follows a padded group does not count */
		if (digit < 0)
			continue;
		padding = 0;
		bits = (bits << 6 | (unsigned) digit) & 0xffff;
		byte = (char) (bits >> (6 - 2 * digits) & 0xff);
		if (digits > 0)
			r = buf_add(b, &byte, 1);
		digits = (digits + 1) % 4;
	}
	if (r < 0 || digits != 1)
		return r;
	if (b->len > from) {
		b->len = from;
		b->p[from] = '\0';
	}
	return add_without_line_ends(text, b);
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands at "=…": an escaped byte, a line end to be dropped (*is_byte false), or a plain '='. Answers how much that was. */
static size_t qp_escape(struct view rest, char *byte, bool *is_byte)
{
	size_t n = 1;

	*is_byte = true;
	*byte = '=';
	if (rest.len >= 3 && hex_digit(rest.p[1]) >= 0 && hex_digit(rest.p[2]) >= 0) {
		*byte = (char) (hex_digit(rest.p[1]) << 4 | hex_digit(rest.p[2]));
		return 3;
	}
	if (rest.len >= 2 && rest.p[1] == '=')
		return 2;
	if (rest.len >= 2 && !is_line_end(rest.p[1]))
		return 1;
	*is_byte = false;
	while (n < rest.len && rest.p[n] != '\n')
		n++;
	return n < rest.len ? n + 1 : n;
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

decode_fn *decode_for(struct view encoding)
{
	static const struct {
		const char *name;
		decode_fn  *decode;
	} encodings[] = {
		{ "base64", decode_base64 },   { "quoted-printable", decode_quoted_printable },
		{ "x-uuencode", decode_uuencode }, { "uuencode", decode_uuencode },
		{ "uue", decode_uuencode },    { "x-uue", decode_uuencode },
	};

	for (size_t i = 0; i < ARRAY_LEN(encodings); i++)
		if (view_is_nocase(encoding, encodings[i].name))
			return encodings[i].decode;
	return NULL;
}

bool is_strict_base64(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] != '=' && base64_digit(text.p[i]) < 0)
			return false;
	return looks_like_base64(text);
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

static struct view skip_zeros(struct view text)
{
	while (text.len > 0 && text.p[0] == '\0') {
		text.p++;
		text.len--;
	}
	return text;
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
		text = skip_zeros(text);
	} while (r == 0 && looks_like_gzip(text));
	(void) inflateEnd(&z);
	if (r == -EMSGSIZE)
		return err_say(e, r, "decompress user data: larger than %zu bytes", b->limit);
	if (r < 0)
		return err_say(e, r, "decompress user data: the gzip data is damaged or cut short");
	return text.len == 0 ? 0 : err_say(e, -EBADMSG, "decompress user data: something follows the gzip data");
}

size_t gzip_size(struct view text)
{
	z_stream z = { .next_in = (Bytef *) (uintptr_t) text.p, .avail_in = (uInt) text.len };
	char chunk[16384];
	size_t n;
	int rc;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	do {
		z.next_out = (Bytef *) chunk;
		z.avail_out = sizeof chunk;
		rc = deflate(&z, Z_FINISH);
	} while (rc == Z_OK);
	n = rc == Z_STREAM_END ? z.total_out : 0;
	(void) deflateEnd(&z);
	return n;
}
