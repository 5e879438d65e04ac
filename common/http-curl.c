#define CURL_DISABLE_TYPECHECK /* setopt and getinfo are called through pointers */
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/http-curl.h"

#define LIBCURL "libcurl.so.4"

/*
 * Loading libcurl and the forty libraries behind it costs more processor time and memory than all the rest of a program of
 * ours that never leaves the host, so only those that do leave it pay.
 */
static struct {
	void *handle;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_easy_reset) easy_reset;
	__typeof__(&curl_easy_perform) easy_perform;
	__typeof__(&curl_easy_setopt) setopt;
	__typeof__(&curl_easy_getinfo) getinfo;
	__typeof__(&curl_easy_strerror) easy_strerror;
	__typeof__(&curl_slist_append) slist_append;
	__typeof__(&curl_slist_free_all) slist_free_all;
} lib;

struct curl_way {
	CURL              *easy;
	struct curl_slist *headers;
	char               why[CURL_ERROR_SIZE];
};

/* What the callbacks of one transfer see. */
struct transfer {
	CURL                      *easy;
	const struct http_request *rq;
	struct http_reply         *reply;
	bool                       too_large, stopped;
};

static bool find(void *ret, const char *name)
{
	void *p = dlsym(lib.handle, name);

	memcpy(ret, &p, sizeof p); /* the way dlsym(3) hands out functions */
	return p != NULL;
}

static int load(struct err *e)
{
	if (lib.easy_init)
		return 0;
	lib.handle = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (!lib.handle)
		return err_say(e, -ELIBACC, "load %s: %s", LIBCURL, dlerror());
	if (find(&lib.easy_cleanup, "curl_easy_cleanup") && find(&lib.easy_reset, "curl_easy_reset") &&
	    find(&lib.easy_perform, "curl_easy_perform") && find(&lib.setopt, "curl_easy_setopt") &&
	    find(&lib.getinfo, "curl_easy_getinfo") && find(&lib.easy_strerror, "curl_easy_strerror") &&
	    find(&lib.slist_append, "curl_slist_append") && find(&lib.slist_free_all, "curl_slist_free_all") &&
	    find(&lib.easy_init, "curl_easy_init"))
		return 0;
	return err_say(e, -ELIBACC, "load %s: %s", LIBCURL, dlerror());
}

int curl_way_new(struct curl_way **ret, struct err *e)
{
	struct curl_way *w;
	int r = load(e);

	if (r < 0)
		return r;
	w = calloc(1, sizeof *w);
	if (!w || !(w->easy = lib.easy_init())) {
		free(w);
		return err_set(e, -ENOMEM, "set up an HTTP connection");
	}
	*ret = w;
	return 0;
}

void curl_way_freep(struct curl_way **w)
{
	if (!*w)
		return;
	lib.easy_cleanup((*w)->easy);
	lib.slist_free_all((*w)->headers);
	free(*w);
	*w = NULL;
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	long status = 0;

	(void) size; /* libcurl: always 1 */
	(void) lib.getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
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

/* The environment's proxies are never used: "" and "*" keep libcurl from asking for them. */
static CURLcode set_way(CURL *c, const struct http_outside *o)
{
	const char *proxy = o->proxy ? o->proxy : "", *no_proxy = o->no_proxy ? o->no_proxy : "";
	CURLcode rc = lib.setopt(c, CURLOPT_PROXY, proxy);

	rc = rc ? rc : lib.setopt(c, CURLOPT_NOPROXY, *proxy ? no_proxy : "*");
	rc = rc ? rc : lib.setopt(c, CURLOPT_PATH_AS_IS, 1L); /* it was signed with its dots */
	rc = rc ? rc : lib.setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	rc = rc ? rc : lib.setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	rc = rc ? rc : lib.setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (o->ca_file)
		rc = rc ? rc : lib.setopt(c, CURLOPT_CAINFO, o->ca_file);
	return rc;
}

static CURLcode set_limits(CURL *c, const struct http_request *rq)
{
	CURLcode rc = set_way(c, rq->outside);

	rc = rc ? rc : lib.setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	rc = rc ? rc : lib.setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc = rc ? rc : lib.setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
	rc = rc ? rc : lib.setopt(c, CURLOPT_CONNECTTIMEOUT_MS, rq->connect_ms ? rq->connect_ms : 1000L);
	rc = rc ? rc : lib.setopt(c, CURLOPT_TIMEOUT_MS, rq->total_ms);
	if (rq->stall_s > 0) {
		rc = rc ? rc : lib.setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
		rc = rc ? rc : lib.setopt(c, CURLOPT_LOW_SPEED_TIME, rq->stall_s);
	}
	return rc;
}

/* "Expect:" off: a peer that does not know 100-continue would cost a second. */
static CURLcode set_headers(struct curl_way *w, const struct http_request *rq)
{
	static const char *const none[] = { NULL };
	const char *const *line = rq->headers ? rq->headers : none;

	lib.slist_free_all(w->headers);
	w->headers = lib.slist_append(NULL, "Expect:");
	for (; w->headers && *line; line++) {
		struct curl_slist *more = lib.slist_append(w->headers, *line);

		if (!more)
			return CURLE_OUT_OF_MEMORY;
		w->headers = more;
	}
	return w->headers ? lib.setopt(w->easy, CURLOPT_HTTPHEADER, w->headers) : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_body(CURL *c, const struct http_request *rq)
{
	CURLcode rc = CURLE_OK;

	if (rq->body.p || strcmp(rq->method, "POST") == 0) {
		rc = lib.setopt(c, CURLOPT_POSTFIELDSIZE, (long) rq->body.len);
		rc = rc ? rc : lib.setopt(c, CURLOPT_POSTFIELDS, rq->body.p ? rq->body.p : "");
	}
	return rc ? rc : lib.setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
}

static int prepare(struct curl_way *w, const struct http_request *rq, struct transfer *t, struct err *e)
{
	CURL *c = w->easy;
	CURLcode rc;

	buf_clear(&t->reply->body);
	buf_clear(&t->reply->headers);
	t->reply->body.limit = rq->max_reply;
	t->reply->headers.limit = 16384;
	w->why[0] = '\0';
	lib.easy_reset(c); /* keeps the connection */
	rc = lib.setopt(c, CURLOPT_URL, rq->url);
	rc = rc ? rc : lib.setopt(c, CURLOPT_ERRORBUFFER, w->why);
	rc = rc ? rc : lib.setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	rc = rc ? rc : lib.setopt(c, CURLOPT_WRITEDATA, t);
	rc = rc ? rc : lib.setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	rc = rc ? rc : lib.setopt(c, CURLOPT_HEADERDATA, t);
	rc = rc ? rc : set_limits(c, rq);
	rc = rc ? rc : set_headers(w, rq);
	rc = rc ? rc : set_body(c, rq);
	return rc ? err_say(e, -EINVAL, "%s %s: %s", rq->method, rq->url, lib.easy_strerror(rc)) : 0;
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

static int failed(struct curl_way *w, const struct transfer *t, CURLcode rc, struct err *e)
{
	const struct http_request *rq = t->rq;
	long os_errno = 0;
	int r;

	if (t->too_large)
		return err_say(e, -EMSGSIZE, "%s %s: reply larger than %zu bytes", rq->method, rq->url, rq->max_reply);
	if (t->stopped)
		return err_say(e, -ECANCELED, "%s %s: stopped by its reader", rq->method, rq->url);
	(void) lib.getinfo(w->easy, CURLINFO_OS_ERRNO, &os_errno);
	r = errno_of(rc, os_errno);
	if (rc == CURLE_COULDNT_CONNECT || rc == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, r, "%s %s%s", rq->method, rq->url, rq->outside->proxy ? " (by way of the proxy)" : "");
	return err_say(e, r, "%s %s: %s", rq->method, rq->url, w->why[0] ? w->why : lib.easy_strerror(rc));
}

int curl_way_do(struct curl_way *w, const struct http_request *rq, struct http_reply *ret, struct err *e)
{
	struct transfer t = { .easy = w->easy, .rq = rq, .reply = ret };
	int r = prepare(w, rq, &t, e);
	CURLcode rc;

	if (r < 0)
		return r;
	rc = lib.easy_perform(w->easy);
	if (rc != CURLE_OK)
		return failed(w, &t, rc, e);
	(void) lib.getinfo(w->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	return 0;
}

