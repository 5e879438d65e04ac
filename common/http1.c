#include <errno.h>
#include <string.h>

#include "common/http1.h"
#include "common/parse.h"

enum {
	LINE_MAX_BYTES = 8192,
	EXTRA_MAX = 16384,
	CHUNK_DIGITS = 15, /* of hexadecimal: no number that could overflow */
};

static bool visible(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] <= ' ' || v.p[i] == 0x7f)
			return false;
	return v.len > 0;
}

/* "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT". */
static int cut_authority(struct view a, struct http1_url *u)
{
	bool bracket = a.len > 0 && a.p[0] == '[';
	uint64_t port = 80;

	u->authority = a;
	u->port = view_of("80");
	if (bracket) {
		if (!memchr(a.p, ']', a.len))
			return -EINVAL;
		a.p++;
		a.len--;
	}
	u->host = view_cut(&a, bracket ? ']' : ':');
	if (bracket && a.len > 0 && a.p[0] == ':')
		(void) view_cut(&a, ':');
	else if (bracket && a.len > 0)
		return -EINVAL;
	if (a.len > 0) {
		u->port = a;
		if (parse_u64(a, 65535, &port) < 0 || port == 0)
			return -EINVAL;
	}
	return u->host.len > 0 && !memchr(u->authority.p, '@', u->authority.len) ? 0 : -EINVAL;
}

int http1_url(struct view text, struct http1_url *ret)
{
	size_t n = 0;

	if (!view_starts(text, "http://") || !visible(text) || memchr(text.p, '#', text.len))
		return -EINVAL;
	text.p += 7;
	text.len -= 7;
	while (n < text.len && text.p[n] != '/' && text.p[n] != '?')
		n++;
	ret->target = n < text.len ? (struct view) { text.p + n, text.len - n } : view_of("/");
	if (ret->target.p[0] == '?') /* a query without a path: nobody here writes one */
		return -EINVAL;
	return cut_authority((struct view) { text.p, n }, ret);
}

int http1_request(struct buf *b, const char *method, const struct http1_url *u, const char *const *headers, off_t body_len)
{
	int r = buf_printf(b, "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\nAccept: */*\r\n", method, (int) u->target.len, u->target.p,
			   (int) u->authority.len, u->authority.p);

	for (; r == 0 && headers && *headers; headers++)
		r = buf_printf(b, "%s\r\n", *headers);
	if (r == 0 && body_len >= 0)
		r = buf_printf(b, "Content-Length: %lld\r\n", (long long) body_len);
	return r == 0 ? buf_add(b, "\r\n", 2) : r;
}

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static int read_status(struct http1 *h, struct view line)
{
	uint64_t status;

	if (line.len < 12 || !view_starts(line, "HTTP/1.") || line.p[8] != ' ' || (line.len > 12 && line.p[12] != ' ') ||
	    parse_u64((struct view) { line.p + 9, 3 }, 599, &status) < 0 || status < 100)
		return -EBADMSG;
	h->status = (long) status;
	h->chunked = h->counted = false;
	h->state = HTTP1_HEADER;
	return 0;
}

/* Two lengths that differ, or a coding that is not chunked, would let the two sides disagree on where the reply ends. */
static int read_field(struct http1 *h, struct view line)
{
	struct view value = line, name = view_cut(&value, ':');
	uint64_t n;

	if (name.len == line.len || !visible(name))
		return -EBADMSG;
	value = view_trim(value);
	if (view_is_nocase(name, "Transfer-Encoding")) {
		h->chunked = view_is_nocase(value, "chunked");
		return h->chunked ? 0 : -EBADMSG;
	}
	if (view_is_nocase(name, "Content-Length")) {
		if (parse_u64(value, INT64_MAX, &n) < 0 || (h->counted && n != h->left))
			return -EBADMSG;
		h->counted = true;
		h->left = n;
	}
	return 0;
}

/* The empty line after the head: what comes now follows from the status and the fields. */
static int end_of_head(struct http1 *h)
{
	if (h->chunked && h->counted)
		return -EBADMSG;
	if (h->status < 200) { /* 100 Continue and its like announce the real one */
		h->extra += h->headers->len;
		buf_clear(h->headers);
		h->state = HTTP1_STATUS;
		return h->status == 101 || h->extra > EXTRA_MAX ? -EBADMSG : 0;
	}
	if (h->status == 204 || h->status == 304 || (h->counted && h->left == 0))
		h->state = HTTP1_OVER;
	else
		h->state = h->chunked ? HTTP1_CHUNK_SIZE : HTTP1_BODY;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* "1a2b", perhaps with ";extension" behind it. */
static int read_chunk_size(struct http1 *h, struct view line)
{
	struct view digits = view_trim(view_cut(&line, ';'));
	uint64_t n = 0;

	if (digits.len == 0 || digits.len > CHUNK_DIGITS)
		return -EBADMSG;
	for (size_t i = 0; i < digits.len; i++) {
		int d = hex_digit(digits.p[i]);

		if (d < 0)
			return -EBADMSG;
		n = n << 4 | (unsigned) d;
	}
	h->left = n;
	h->state = n > 0 ? HTTP1_CHUNK : HTTP1_TRAILER;
	return 0;
}

static int read_trailer(struct http1 *h, struct view line)
{
	h->extra += line.len + 1;
	if (line.len == 0)
		h->state = HTTP1_OVER;
	return h->extra > EXTRA_MAX ? -EMSGSIZE : 0;
}

static int keep_line(struct http1 *h, struct view line)
{
	int r = buf_add(h->headers, line.p, line.len);

	return r < 0 ? r : buf_add(h->headers, "\r\n", 2);
}

static int read_line(struct http1 *h, struct view line)
{
	int r;

	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (memchr(line.p, '\0', line.len))
		return -EBADMSG;
	if ((h->state == HTTP1_STATUS || h->state == HTTP1_HEADER) && (r = keep_line(h, line)) < 0)
		return r;
	switch (h->state) {
	case HTTP1_STATUS:
		return read_status(h, line);
	case HTTP1_HEADER:
		return line.len == 0 ? end_of_head(h) : read_field(h, line);
	case HTTP1_CHUNK_SIZE:
		return read_chunk_size(h, line);
	case HTTP1_CHUNK_END:
		h->state = HTTP1_CHUNK_SIZE;
		return line.len == 0 ? 0 : -EBADMSG;
	default:
		return read_trailer(h, line);
	}
}

/* Collects until a line is whole, then reads it. */
static int feed_line(struct http1 *h, struct view *in)
{
	const char *end = memchr(in->p, '\n', in->len);
	size_t n = end ? (size_t) (end - in->p) + 1 : in->len;
	int r;

	h->line.limit = LINE_MAX_BYTES;
	r = buf_add(&h->line, in->p, n);
	in->p += n;
	in->len -= n;
	if (r < 0 || !end)
		return r;
	r = read_line(h, (struct view) { h->line.p, h->line.len - 1 });
	buf_clear(&h->line);
	return r;
}

static void feed_body(struct http1 *h, struct view *in, struct view *body)
{
	bool until_close = h->state == HTTP1_BODY && !h->counted;
	size_t n = until_close || h->left > in->len ? in->len : (size_t) h->left;

	*body = (struct view) { in->p, n };
	in->p += n;
	in->len -= n;
	if (until_close)
		return;
	h->left -= n;
	if (h->left == 0)
		h->state = h->state == HTTP1_BODY ? HTTP1_OVER : HTTP1_CHUNK_END;
}

int http1_feed(struct http1 *h, struct view *in, struct view *body)
{
	int r = 0;

	*body = (struct view) { in->p, 0 };
	if (h->state == HTTP1_BODY || h->state == HTTP1_CHUNK)
		feed_body(h, in, body);
	else if (h->state != HTTP1_OVER && in->len > 0)
		r = feed_line(h, in);
	if (r < 0)
		return r;
	return h->state == HTTP1_OVER ? HTTP1_DONE : 0;
}

int http1_end(const struct http1 *h)
{
	return h->state == HTTP1_OVER || (h->state == HTTP1_BODY && !h->counted) ? HTTP1_DONE : -ECONNRESET;
}

void http1_done(struct http1 *h)
{
	buf_done(&h->line);
}
