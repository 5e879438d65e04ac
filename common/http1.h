/* HTTP/1.1 as bytes: a request rendered, a reply taken in as it arrives (RFC 9112). Pure; sockets are http-plain.c's. */
#ifndef COMMON_HTTP1_H
#define COMMON_HTTP1_H

#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"

enum { HTTP1_DONE = 1 };

/* "http://HOST[:PORT]/PATH", cut up; views into the text. */
struct http1_url {
	struct view authority; /* HOST:PORT as it stands there, for the Host: line */
	struct view host;      /* without the brackets of an IPv6 address */
	struct view port;      /* "80" if none is named */
	struct view target;    /* the path and the query; "/" if there is none */
};

/* 0, or -EINVAL: not such a URL, or one with a blank, a control, a fragment or a user in it. */
int http1_url(struct view text, struct http1_url *ret) MUST_CHECK;

/*
 * Appends the request's head. headers: "Name: value" lines, NULL-terminated, may be NULL; body_len: -1 for a request without
 * a body. One connection serves one request ("Connection: close"): on this host or its own link another costs next to nothing.
 */
int http1_request(struct buf *b, const char *method, const struct http1_url *u, const char *const *headers, off_t body_len) MUST_CHECK;

enum http1_state {
	HTTP1_STATUS, HTTP1_HEADER, HTTP1_BODY, HTTP1_CHUNK_SIZE, HTTP1_CHUNK, HTTP1_CHUNK_END, HTTP1_TRAILER, HTTP1_OVER,
};

/* One reply as it comes. Starts as all zero but for headers, which the caller owns and limits. */
struct http1 {
	struct buf      *headers; /* the lines of the head as they came, status line first */
	struct buf       line;    /* one that is not whole yet; freed by http1_done */
	enum http1_state state;
	long             status;
	bool             chunked, counted;
	uint64_t         left;    /* of the body, or of the chunk */
	size_t           extra;   /* bytes of trailers and of heads that announced another */
};

/*
 * Takes the next piece off *in; what of it belongs to the body is left in *body (a view into it, perhaps empty). To be
 * called until *in is empty. 0, HTTP1_DONE when the reply is whole, -EBADMSG (not HTTP), -EMSGSIZE (over a limit), -ENOMEM.
 */
int http1_feed(struct http1 *h, struct view *in, struct view *body) MUST_CHECK;

/* The peer closed the connection: HTTP1_DONE if the reply may end so, else -ECONNRESET. */
int http1_end(const struct http1 *h) MUST_CHECK;
void http1_done(struct http1 *h);

#endif
