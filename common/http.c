#include <errno.h>
#include <stdlib.h>

#include "common/http-curl.h"
#include "common/http-plain.h"

struct http {
	struct curl_way *curl; /* made for the first request that goes outside */
};

int http_new(struct http **ret, struct err *e)
{
	struct http *h = calloc(1, sizeof *h);

	if (!h)
		return err_set(e, -ENOMEM, "set up an HTTP connection");
	*ret = h;
	return 0;
}

void http_freep(struct http **h)
{
	if (!*h)
		return;
	curl_way_freep(&(*h)->curl);
	free(*h);
	*h = NULL;
}

void http_reply_done(struct http_reply *r)
{
	buf_done(&r->body);
	buf_done(&r->headers);
}

int http_do(struct http *h, const struct http_request *rq, struct http_reply *ret, struct err *e)
{
	int r;

	if (!rq->outside)
		return http_plain_do(rq, ret, e);
	if (!h->curl && (r = curl_way_new(&h->curl, e)) < 0)
		return r;
	return curl_way_do(h->curl, rq, ret, e);
}

int http_race(const struct http_request rq[2], unsigned stagger_ms, struct http_reply *ret, struct err *e)
{
	return http_plain_race(rq, stagger_ms, ret, e);
}

bool http_header(const struct http_reply *r, const char *name, struct view *ret)
{
	struct view rest = buf_view(&r->headers), line;

	while (view_line(&rest, &line)) {
		struct view key = view_cut(&line, ':');

		if (view_is_nocase(key, name)) {
			*ret = view_trim(line);
			return true;
		}
	}
	return false;
}
