/* What a refusal of AWS says, in XML (S3) or JSON (ECS, SSM), and what to do about it. Pure. */
#ifndef COMMON_AWS_ERROR_H
#define COMMON_AWS_ERROR_H

#include "common/aws-endpoint.h"
#include "common/view.h"

/* Printable ASCII only, so that nothing from outside gets into a log line but words. Empty: not said. */
struct aws_error {
	char code[64];
	char message[256];
	char region[AWS_REGION_SIZE]; /* where the bucket is */
};

/* Reads the body of an answer that is no success; anything that is neither XML nor JSON leaves *ret empty. */
void aws_error_read(struct view body, struct aws_error *ret);

enum aws_verdict {
	AWS_V_OK,
	AWS_V_RETRY,
	AWS_V_CLOCK,           /* our time is off: take the server's, try once more */
	AWS_V_REGION,          /* error->region is the right one: sign for it, try once more */
	AWS_V_NEW_CREDENTIALS, /* expired, or too new to be known there yet */
	AWS_V_REFUSED,
};

/* status: of HTTP; region: what was asked. */
enum aws_verdict aws_judge(long status, const struct aws_error *error, const char *region);

#endif
