/* The EC2 instance metadata service, version 2: a session token by PUT, then GETs with it. */
#ifndef COMMON_IMDS_H
#define COMMON_IMDS_H

#include "common/buf.h"
#include "common/err.h"

struct imds; /* endpoint, token and connection */

enum {
	IMDS_ABSENT = 1, /* 404: nothing set, which is an answer */
	IMDS_OFF = 2,    /* switched off: by AWS_EC2_METADATA_DISABLED=true, or the instance answers 403 */
};

/*
 * Reads AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT (a base URL that replaces both built-in ones) and
 * AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (IPv4 or IPv6: only that family), as AWS's SDKs do, and gets a token: from
 * 169.254.169.254, and from [fd00:ec2::254] when that has not answered 150 ms later; the first to answer serves from then on.
 * Tries again until deadline_ms have passed (at boot the network may be late).
 * 0, IMDS_OFF, or negative. The caller frees *ret with imds_freep.
 */
int imds_open(unsigned deadline_ms, struct imds **ret, struct err *e) MUST_CHECK;
void imds_freep(struct imds **i);
#define AUTO_IMDS CLEANUP(imds_freep) struct imds

/* GET /latest/PATH, at most limit bytes, appended to *b. 0, IMDS_ABSENT, IMDS_OFF, or negative. */
int imds_get(struct imds *i, const char *path, size_t limit, struct buf *b, struct err *e) MUST_CHECK;

/* The endpoint in use, for messages; the instance id, checked for its form (i-…), as imds_get. */
const char *imds_endpoint(const struct imds *i);
int imds_instance_id(struct imds *i, char ret[32], struct err *e) MUST_CHECK;

/* What one answer means. status: HTTP status, or 0 when none came. Pure. Source: EC2 user guide and what SDKs agree on. */
enum imds_verdict { IMDS_V_OK, IMDS_V_ABSENT, IMDS_V_NEW_TOKEN, IMDS_V_RETRY, IMDS_V_OFF, IMDS_V_REFUSED };
enum imds_verdict imds_judge_token(long status);
enum imds_verdict imds_judge_get(long status);

#endif
