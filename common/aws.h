/* Signed calls to AWS with the instance's role: endpoint, credentials, clock and retries are its business. */
#ifndef COMMON_AWS_H
#define COMMON_AWS_H

#include <time.h>

#include "common/aws-error.h"
#include "common/http.h"
#include "common/imds.h"

struct aws; /* place, credentials, clock and connection */

/*
 * Reads region, domain and whether there is an IPv4 address from the metadata service; outside (copied; NULL: no proxy)
 * says how AWS is reached. AWS_CA_BUNDLE replaces the system's authorities. i must outlive *ret.
 */
int aws_open(struct imds *i, int root, const struct http_outside *outside, struct aws **ret, struct err *e) MUST_CHECK;
void aws_freep(struct aws **a);
#define AUTO_AWS CLEANUP(aws_freep) struct aws

const char *aws_region(const struct aws *a); /* the instance's */
const char *aws_role(const struct aws *a);   /* once a call was made; "" before */

struct aws_call {
	const char *service; /* "s3", "ssm", "ecs" */
	const char *region;  /* NULL: the instance's */
	const char *path;    /* percent-encoded, with "?query" if there is one; NULL: "/" */
	const char *target;  /* of a JSON service, e.g. "AmazonSSM.GetParameter": the call is a POST of body; NULL: a GET */
	struct view body;
	size_t      max_reply;
	unsigned    deadline_ms; /* for all tries together, and for credentials that are late */
	bool        once;        /* no second try where the first may have been acted upon without an answer */
};

struct aws_answer {
	struct http_reply reply;
	struct aws_error  error;                   /* of a refusal */
	char              region[AWS_REGION_SIZE]; /* where the call went in the end */
};

void aws_answer_done(struct aws_answer *a);
#define AUTO_ANSWER CLEANUP(aws_answer_done) struct aws_answer

enum {
	AWS_REFUSED = 1,    /* AWS answered, and it was no; also after the last try. ret->reply.status and ret->error say what */
	AWS_ROLE_ABSENT = 2, /* the instance has no role, so nothing was asked */
};

/* 0 (status 2xx), one of the above, or negative: no answer. With `once`, -ECONNREFUSED and -EHOSTUNREACH mean it was not sent. */
int aws_do(struct aws *a, const struct aws_call *c, struct aws_answer *ret, struct err *e) MUST_CHECK;

/* The value of a Date header. false: it is none. */
bool aws_parse_date(struct view text, time_t *ret);

#endif
