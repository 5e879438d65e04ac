#include <errno.h>

#include "common/http1.h"
#include "tests/unit/test.h"

/* Takes text in pieces of the given size. *b: the body. What http1_feed or, at the end, http1_end says. */
static int take(const char *text, size_t len, size_t piece, struct http1 *h, struct buf *b)
{
	for (size_t at = 0; at < len;) {
		struct view in = { text + at, len - at < piece ? len - at : piece }, body;

		at += in.len;
		while (in.len > 0) {
			int r = http1_feed(h, &in, &body);

			assert_true(r != 0 || in.len == 0 || body.len > 0 || h->state != HTTP1_OVER);
			assert_int_equal(buf_add(b, body.p, body.len), 0);
			if (r != 0)
				return r;
		}
	}
	return http1_end(h);
}

static const struct {
	const char *what, *text;
	int result;
	long status;
	const char *body;
} replies[] = {
	{ "a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP1_DONE, 200, "hello" },
	{ "more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, you", HTTP1_DONE, 200, "hello" },
	{ "less than the length", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", -ECONNRESET, 200, "hello" },
	{ "length zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx", HTTP1_DONE, 200, "" },
	{ "until it closes", "HTTP/1.0 200 OK\r\n\r\nhello", HTTP1_DONE, 200, "hello" },
	{ "LF alone", "HTTP/1.1 404 Not Found\nContent-Length: 2\n\nno", HTTP1_DONE, 404, "no" },
	{ "no reason", "HTTP/1.1 204\r\n\r\n", HTTP1_DONE, 204, "" },
	{ "304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", HTTP1_DONE, 304, "" },
	{ "chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", HTTP1_DONE, 200, "hello" },
	{ "chunks, Upper case", "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n", HTTP1_DONE, 200, "0123456789" },
	{ "chunks cut short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", -ECONNRESET, 200, "hel" },
	{ "no last chunk's end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n", -ECONNRESET, 200, "hel" },
	{ "a chunk that is too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n", -EBADMSG, 200, "hel" },
	{ "a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", -EBADMSG, 200, "" },
	{ "a chunk size that overflows", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\n", -EBADMSG, 200, "" },
	{ "an empty chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n", -EBADMSG, 200, "" },
	{ "both lengths", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", -EBADMSG, 200, "" },
	{ "two lengths that agree", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nab", HTTP1_DONE, 200, "ab" },
	{ "two lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 3\r\n\r\nabc", -EBADMSG, 200, "" },
	{ "a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", -EBADMSG, 200, "" },
	{ "a length that is huge", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", -EBADMSG, 200, "" },
	{ "another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", -EBADMSG, 200, "" },
	{ "continue first", "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", HTTP1_DONE, 200, "x" },
	{ "another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", -EBADMSG, 101, "" },
	{ "no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", -EBADMSG, 0, "" },
	{ "HTTP/2", "HTTP/2 200\r\n\r\n", -EBADMSG, 0, "" },
	{ "a status that is none", "HTTP/1.1 2x0 OK\r\n\r\n", -EBADMSG, 0, "" },
	{ "a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", -EBADMSG, 200, "" },
	{ "a field without a colon", "HTTP/1.1 200 OK\r\nwhat\r\n\r\n", -EBADMSG, 200, "" },
	{ "a blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n", -EBADMSG, 200, "" },
	{ "nothing", "", -ECONNRESET, 0, "" },
	{ "half a head", "HTTP/1.1 200 OK\r\nContent-Le", -ECONNRESET, 200, "" },
};

static void every_reply_in_pieces_of_any_size(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		for (size_t piece = 1; piece < 80; piece++) {
			AUTO_BUF headers = { 0 };
			AUTO_BUF body = { 0 };
			struct http1 h = { .headers = &headers };
			int r = take(replies[i].text, strlen(replies[i].text), piece, &h, &body);

			http1_done(&h);
			if (r != replies[i].result || h.status != replies[i].status || strcmp(body.p ? body.p : "", replies[i].body) != 0)
				fail_msg("%s, in pieces of %zu: %d, status %ld, body '%s'", replies[i].what, piece, r, h.status, body.p ? body.p : "");
		}
	}
}

static void a_nul_in_the_head_is_not_http(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nA: \0b\r\n\r\n";
	AUTO_BUF headers = { 0 };
	AUTO_BUF body = { 0 };
	struct http1 h = { .headers = &headers };

	(void) state;
	assert_int_equal(take(text, sizeof text - 1, 7, &h, &body), -EBADMSG);
	http1_done(&h);
}

/* prefix, then filler for ever: a limit must end it. */
static int endless(const char *prefix, const char *filler, size_t headers_max)
{
	AUTO_BUF headers = { .limit = headers_max };
	AUTO_BUF body = { 0 };
	struct http1 h = { .headers = &headers };
	const char *text = prefix;
	int r = 0;

	for (int i = 0; i < 100000 && r == 0; i++, text = filler) {
		struct view in = view_of(text), piece;

		while (in.len > 0 && r == 0)
			r = http1_feed(&h, &in, &piece);
	}
	http1_done(&h);
	return r;
}

static void endless_heads_end(void **state)
{
	(void) state;
	assert_int_equal(endless("HTTP/1.1 200 ", "OK", 16384), -EMSGSIZE);
	assert_int_equal(endless("HTTP/1.1 200 OK\r\n", "A: b\r\n", 16384), -EMSGSIZE);
	assert_int_equal(endless("", "HTTP/1.1 100 Continue\r\n\r\n", 16384), -EBADMSG);
	assert_int_equal(endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", 16384), -EMSGSIZE);
	assert_int_equal(endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ";xxxxxxx", 16384), -EMSGSIZE);
}

static void the_head_is_kept_as_it_came(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\n";
	AUTO_BUF headers = { 0 };
	AUTO_BUF body = { 0 };
	struct http1 h = { .headers = &headers };
	char text[128];

	(void) state;
	snprintf(text, sizeof text, "%sOK", head);
	assert_int_equal(take(text, strlen(text), 3, &h, &body), HTTP1_DONE);
	assert_string_equal(headers.p, head);
	http1_done(&h);
}

static void urls(void **state)
{
	static const struct {
		const char *text, *authority, *host, *port, *target;
	} good[] = {
		{ "http://docker/v1.41/x?a=b%20c", "docker", "docker", "80", "/v1.41/x?a=b%20c" },
		{ "http://169.254.169.254/latest", "169.254.169.254", "169.254.169.254", "80", "/latest" },
		{ "http://127.0.0.1:51678", "127.0.0.1:51678", "127.0.0.1", "51678", "/" },
		{ "http://[fd00:ec2::254]/latest/", "[fd00:ec2::254]", "fd00:ec2::254", "80", "/latest/" },
		{ "http://[::1]:8080/", "[::1]:8080", "::1", "8080", "/" },
	};
	static const char *const bad[] = {
		"", "http:", "http://", "http:///x", "https://a/", "http://a b/", "http://a/ b", "http://a/\r\nX: y", "http://a:0/", "http://a:65536/",
		"http://a:b/", "http://u:p@h/", "http://u@h/", "http://[::1/", "http://[::1]x/", "http://a?b", "http://a/#b", "http://a/\x7f",
	};
	struct http1_url u;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(http1_url(view_of(good[i].text), &u), 0);
		assert_view(u.authority, good[i].authority);
		assert_view(u.host, good[i].host);
		assert_view(u.port, good[i].port);
		assert_view(u.target, good[i].target);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (http1_url(view_of(bad[i]), &u) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
}

static void a_request(void **state)
{
	static const char *const headers[] = { "A: b", "C: d", NULL };
	AUTO_BUF with = { 0 };
	AUTO_BUF without = { 0 };
	struct http1_url u;

	(void) state;
	assert_int_equal(http1_url(view_of("http://h:8/p?q"), &u), 0);
	assert_int_equal(http1_request(&with, "POST", &u, headers, 12), 0);
	assert_string_equal(with.p, "POST /p?q HTTP/1.1\r\nHost: h:8\r\nConnection: close\r\nAccept: */*\r\nA: b\r\nC: d\r\nContent-Length: 12\r\n\r\n");
	assert_int_equal(http1_request(&without, "GET", &u, NULL, -1), 0);
	assert_string_equal(without.p, "GET /p?q HTTP/1.1\r\nHost: h:8\r\nConnection: close\r\nAccept: */*\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_reply_in_pieces_of_any_size), TEST(a_nul_in_the_head_is_not_http), TEST(endless_heads_end),
		TEST(the_head_is_kept_as_it_came), TEST(urls), TEST(a_request),
	};

	return RUN("http1", tests);
}
