/* HTTP without TLS over a unix socket or TCP: the Docker Engine, the metadata service, the agent. What http.h promises, for these. */
#ifndef COMMON_HTTP_PLAIN_H
#define COMMON_HTTP_PLAIN_H

#include "common/http.h"

/*
 * As http_do. A URL's host must be an address or "localhost": a resolver knows no deadline, and none of these peers has
 * another name. body_fd must be a regular file.
 */
int http_plain_do(const struct http_request *rq, struct http_reply *ret, struct err *e) MUST_CHECK;

/* As http_race. */
int http_plain_race(const struct http_request rq[2], unsigned stagger_ms, struct http_reply *ret, struct err *e) MUST_CHECK;

#endif
