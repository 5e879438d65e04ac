/* Objects of the agent's buckets, by anonymous GETs: addresses, and what an answer means. */
#ifndef INIT_ENGINE_BUCKET_H
#define INIT_ENGINE_BUCKET_H

#include "common/http.h"
#include "init/engine/partition.h"

/* How S3 is reached. */
struct s3 {
	struct aws_place    place;
	struct http_outside outside;
	struct http        *http;
};

/* What failed, for those who decide whether to try again. Positive: *e is filled too. */
enum {
	BUCKET_LATER = 1, /* nobody answered, or S3 asks for patience */
	BUCKET_LACKS = 2, /* it is not there, or not for us, or not what it should be */
};

enum { BUCKET_URL_SIZE = 1024 };

/* https://BUCKET.s3.REGION.DOMAIN/KEY as AWS's SDKs ask; BASE/BUCKET/KEY where AWS_ENDPOINT_URL_S3 says BASE. 0 or -EINVAL. */
int bucket_url(const struct aws_place *p, const struct agent_bucket *b, const char *key, char ret[BUCKET_URL_SIZE], struct err *e) MUST_CHECK;

/* What to make of a status. Pure. MOVED: another region has the bucket; WHOLE: a range was asked for behind the object's end. */
enum bucket_verdict { BUCKET_V_OK, BUCKET_V_WHOLE, BUCKET_V_MOVED, BUCKET_V_LATER, BUCKET_V_LACKS };
enum bucket_verdict bucket_judge(long status);

/*
 * GETs an object of *b; rq has all but url and outside. Follows a bucket to another region once (b->region then is that
 * one); a redirect that names no region is not followed. *ret_url (BUCKET_URL_SIZE) is for messages.
 * 0 for 200, 206 and 416, BUCKET_LATER, BUCKET_LACKS, or negative: http_do's -ECANCELED and -ENOMEM.
 */
int bucket_get(const struct s3 *s3, struct agent_bucket *b, const char *key, struct http_request *rq, struct http_reply *reply,
	       char *ret_url, struct err *e) MUST_CHECK;

/* Milliseconds that a reply asks to wait, at most a minute; 0: it does not. */
unsigned bucket_patience_ms(const struct http_reply *reply);

#endif
