#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http.h"

struct http {
	CURL              *easy;
	struct curl_slist *headers;
	char               why[CURL_ERROR_SIZE];
	long               os_errno;
};

/* What the callbacks of one transfer see. */
struct transfer {
	CURL                      *easy;
	const struct http_request *rq;
	struct http_reply         *reply;
	bool                       too_large, stopped;
};

int http_new(struct http **ret, struct err *e)
{
	struct http *h = calloc(1, sizeof *h);

	if (!h || !(h->easy = curl_easy_init())) {
		free(h);
		return err_set(e, -ENOMEM, "set up an HTTP connection");
	}
	*ret = h;
	return 0;
}

void http_freep(struct http **h)
{
	if (!*h)
		return;
	curl_easy_cleanup((*h)->easy);
	curl_slist_free_all((*h)->headers);
	free(*h);
	*h = NULL;
}

void http_reply_done(struct http_reply *r)
{
	buf_done(&r->body);
	buf_done(&r->headers);
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	long status = 0;

	(void) size; /* libcurl: always 1 */
	(void) curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->rq->on_chunk && status < 300) { /* an error's text belongs to the caller of http_do */
		t->stopped = !t->rq->on_chunk(t->rq->ctx, (struct view) { data, n });
		return t->stopped ? 0 : n;
	}
	t->too_large = buf_add(&t->reply->body, data, n) < 0;
	return t->too_large ? 0 : n;
}

static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	(void) size;
	t->too_large = buf_add(&t->reply->headers, data, n) < 0;
	return t->too_large ? 0 : n;
}

static size_t give_body(char *to, size_t size, size_t n, void *ctx)
{
	const struct transfer *t = ctx;
	ssize_t got;

	do
		got = read(t->rq->body_fd, to, size * n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? CURL_READFUNC_ABORT : (size_t) got;
}

/* The environment's proxies are never used: "" and "*" keep libcurl from asking for them. */
static CURLcode set_way(CURL *c, const struct http_outside *o)
{
	const char *proxy = o && o->proxy ? o->proxy : "", *no_proxy = o && o->no_proxy ? o->no_proxy : "";
	CURLcode rc = curl_easy_setopt(c, CURLOPT_PROXY, proxy);

	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_NOPROXY, *proxy ? no_proxy : "*");
	if (!o)
		return rc;
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L); /* it was signed with its dots */
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (o->ca_file)
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_CAINFO, o->ca_file);
	return rc;
}

static CURLcode set_limits(CURL *c, const struct http_request *rq)
{
	CURLcode rc = set_way(c, rq->outside);

	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, rq->connect_ms ? rq->connect_ms : 1000L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, rq->total_ms);
	if (rq->stall_s > 0) {
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, rq->stall_s);
	}
	return rc;
}

/* "Expect:" off: a peer that does not know 100-continue would cost a second. */
static CURLcode set_headers(struct http *h, const struct http_request *rq)
{
	static const char *const none[] = { NULL };
	const char *const *line = rq->headers ? rq->headers : none;

	curl_slist_free_all(h->headers);
	h->headers = curl_slist_append(NULL, "Expect:");
	for (; h->headers && *line; line++) {
		struct curl_slist *more = curl_slist_append(h->headers, *line);

		if (!more)
			return CURLE_OUT_OF_MEMORY;
		h->headers = more;
	}
	return h->headers ? curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers) : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_body(CURL *c, const struct http_request *rq, struct transfer *t)
{
	CURLcode rc = CURLE_OK;

	if (rq->body_fd > 0) {
		rc = curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_READDATA, t);
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
	} else if (rq->body.p || strcmp(rq->method, "POST") == 0) {
		rc = curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long) rq->body.len);
		rc = rc ? rc : curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body.p ? rq->body.p : "");
	}
	return rc ? rc : curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
}

static int prepare(struct http *h, const struct http_request *rq, struct transfer *t, struct err *e)
{
	CURL *c = h->easy;
	CURLcode rc;

	buf_clear(&t->reply->body);
	buf_clear(&t->reply->headers);
	t->reply->body.limit = rq->max_reply;
	t->reply->headers.limit = 16384;
	h->why[0] = '\0';
	curl_easy_reset(c); /* keeps the connection */
	rc = curl_easy_setopt(c, CURLOPT_URL, rq->url);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->why);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, rq->unix_socket);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	rc = rc ? rc : set_limits(c, rq);
	rc = rc ? rc : set_headers(h, rq);
	rc = rc ? rc : set_body(c, rq, t);
	return rc ? err_say(e, -EINVAL, "%s %s: %s", rq->method, rq->url, curl_easy_strerror(rc)) : 0;
}

/* libcurl's code and the system's errno (0 if none) as one errno. */
static int errno_of(CURLcode rc, long os_errno)
{
	switch (rc) {
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
		return os_errno ? -(int) os_errno : -ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return -EHOSTUNREACH;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return -EKEYREJECTED;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return -ECONNRESET;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
		return -EBADMSG;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static int failed(struct http *h, const struct transfer *t, CURLcode rc, struct err *e)
{
	const struct http_request *rq = t->rq;
	long os_errno = 0;
	int r;

	if (t->too_large)
		return err_say(e, -EMSGSIZE, "%s %s: reply larger than %zu bytes", rq->method, rq->url, rq->max_reply);
	if (t->stopped)
		return err_say(e, -ECANCELED, "%s %s: stopped by its reader", rq->method, rq->url);
	(void) curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &os_errno);
	r = errno_of(rc, os_errno);
	if (rq->unix_socket && rc == CURLE_COULDNT_CONNECT)
		return err_set(e, r, "connect '%s'", rq->unix_socket);
	if (rc == CURLE_COULDNT_CONNECT || rc == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, r, "%s %s%s", rq->method, rq->url, rq->outside && rq->outside->proxy ? " (by way of the proxy)" : "");
	return err_say(e, r, "%s %s: %s", rq->method, rq->url, h->why[0] ? h->why : curl_easy_strerror(rc));
}

int http_do(struct http *h, const struct http_request *rq, struct http_reply *ret, struct err *e)
{
	struct transfer t = { .easy = h->easy, .rq = rq, .reply = ret };
	int r = prepare(h, rq, &t, e);
	CURLcode rc;

	if (r < 0)
		return r;
	rc = curl_easy_perform(h->easy);
	if (rc != CURLE_OK)
		return failed(h, &t, rc, e);
	(void) curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	return 0;
}

/* Which of the two handles has just finished, and how; -1: none yet. */
static int finished(CURLM *multi, struct http *h[2], CURLcode *rc)
{
	int queued;
	CURLMsg *m = curl_multi_info_read(multi, &queued);

	if (!m || m->msg != CURLMSG_DONE)
		return -1;
	*rc = m->data.result;
	return m->easy_handle == h[0]->easy ? 0 : 1;
}

/* Runs what was added to multi until one has a whole reply (its number) or all have failed (-1, rc holds the causes). */
static int race(CURLM *multi, struct http *h[2], unsigned stagger_ms, CURLcode rc[2])
{
	long start = clock_ms();
	bool second = false, over[2] = { false, false };

	for (;;) {
		int running, who;
		CURLcode code = CURLE_OK;

		if (!second && (over[0] || clock_ms() - start >= (long) stagger_ms)) {
			second = true;
			curl_multi_add_handle(multi, h[1]->easy);
		}
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return -1;
		while ((who = finished(multi, h, &code)) >= 0) {
			over[who] = true;
			rc[who] = code;
			if (code == CURLE_OK)
				return who;
		}
		if (over[0] && over[1])
			return -1;
		(void) curl_multi_poll(multi, NULL, 0, second ? 1000 : 10, NULL);
	}
}

int http_race(struct http *h[2], const struct http_request rq[2], unsigned stagger_ms, struct http_reply *ret, struct err *e)
{
	AUTO_REPLY other = { 0 };
	struct transfer t[2] = {
		{ .easy = h[0]->easy, .rq = &rq[0], .reply = ret },
		{ .easy = h[1]->easy, .rq = &rq[1], .reply = &other },
	};
	CURLcode rc[2] = { CURLE_OK, CURLE_OK };
	CURLM *multi;
	int r, who;

	if ((r = prepare(h[0], &rq[0], &t[0], e)) < 0 || (r = prepare(h[1], &rq[1], &t[1], e)) < 0)
		return r;
	multi = curl_multi_init();
	if (!multi)
		return err_set(e, -ENOMEM, "%s %s", rq[0].method, rq[0].url);
	curl_multi_add_handle(multi, h[0]->easy);
	who = race(multi, h, stagger_ms, rc);
	curl_multi_remove_handle(multi, h[0]->easy);
	curl_multi_remove_handle(multi, h[1]->easy);
	curl_multi_cleanup(multi);
	if (who < 0)
		return failed(h[0], &t[0], rc[0], e);
	if (who == 1) {
		struct http_reply swap = *ret;

		*ret = other;
		other = swap;
	}
	(void) curl_easy_getinfo(h[who]->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	return who;
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
