/* HTTP beyond this host: TLS, proxies. The only file that talks to libcurl, which is loaded when it is needed first. */
#ifndef COMMON_HTTP_CURL_H
#define COMMON_HTTP_CURL_H

#include "common/http.h"

struct curl_way; /* one connection's worth of state */

/* -ELIBACC: this host has no libcurl, or one that lacks what we call. The caller frees *ret with curl_way_freep. */
int curl_way_new(struct curl_way **ret, struct err *e) MUST_CHECK;
void curl_way_freep(struct curl_way **w);

/* As http_do, for a request with rq->outside. */
int curl_way_do(struct curl_way *w, const struct http_request *rq, struct http_reply *ret, struct err *e) MUST_CHECK;

#endif
