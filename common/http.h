/* HTTP over TCP or a unix socket. No request without a deadline, no reply without a limit. */
#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* For a peer beyond this host and its link: TLS is verified, the path is sent as given, the environment is not asked for proxies. */
struct http_outside {
	const char *proxy, *no_proxy; /* no_proxy: hosts and domains, separated by commas; NULL: none */
	const char *ca_file;          /* NULL: the system's authorities */
};

struct http; /* requests beyond this host on the same one reuse the connection */

struct http_request {
	const char        *method;
	const char        *url;
	const char        *unix_socket; /* NULL: TCP */
	const struct http_outside *outside; /* NULL: a socket, or an address of this host or link; never through a proxy, never TLS */
	const char *const *headers;     /* "Name: value", NULL-terminated; may be NULL */
	struct view        body;        /* p NULL: none */
	int                body_fd;     /* >0: a regular file, sent from where it stands to its end; not with outside */
	long               connect_ms, total_ms; /* total_ms 0: none, stall_s then is the deadline */
	long               stall_s;     /* >0: give up when nothing moves for so many seconds */
	size_t             max_reply;   /* bytes of body */
	bool (*on_chunk)(void *ctx, struct view chunk); /* not NULL: the body goes here; false ends the transfer */
	void              *ctx;
};

struct http_reply {
	long       status;
	struct buf body;
	struct buf headers; /* raw block, at most 16 KiB */
};

int http_new(struct http **ret, struct err *e) MUST_CHECK;
void http_freep(struct http **h);
#define AUTO_HTTP CLEANUP(http_freep) struct http

void http_reply_done(struct http_reply *r);
#define AUTO_REPLY CLEANUP(http_reply_done) struct http_reply

/*
 * 0 whenever a whole reply came, whatever its status. Else -ECONNREFUSED, -ENOENT (no such socket), -ETIMEDOUT,
 * -EMSGSIZE (reply over max_reply), -ECONNRESET (cut short), -EBADMSG (not HTTP), -ENETUNREACH, -EHOSTUNREACH (no such name),
 * -EKEYREJECTED (TLS: not who it should be), -ELIBACC (no libcurl), -EIO; the sentence is "METHOD URL: cause". Never follows a redirect.
 */
int http_do(struct http *h, const struct http_request *rq, struct http_reply *ret, struct err *e) MUST_CHECK;

/*
 * Sends the first, and the second stagger_ms later unless the first has answered; neither goes outside. The first whole
 * reply wins, the other is dropped. Returns the winner, 0 or 1; negative as http_do (of the first) if neither answered.
 */
int http_race(const struct http_request rq[2], unsigned stagger_ms, struct http_reply *ret, struct err *e) MUST_CHECK;

/* The value of a reply header (a view into ret->headers), name without colon, any case. false: absent. */
bool http_header(const struct http_reply *r, const char *name, struct view *ret);

#endif
