/* Temporary credentials of the instance's role, from the metadata service. Never printed, wiped after use. */
#ifndef COMMON_AWS_CREDENTIALS_H
#define COMMON_AWS_CREDENTIALS_H

#include <time.h>

#include "common/err.h"
#include "common/imds-reply.h"
#include "common/imds.h"
#include "common/view.h"

struct aws_credentials {
	char   role[IMDS_ROLE_SIZE];
	char   id[129];
	char   secret[257];
	char   token[4097];
	time_t expires;
};

void aws_credentials_done(struct aws_credentials *c); /* wipes it */
#define AUTO_CREDENTIALS CLEANUP(aws_credentials_done) struct aws_credentials

enum { AWS_NO_ROLE = 1 }; /* the instance has none */

/*
 * A role that was attached at launch shows up some seconds late, as 404 or with a Code other than Success: that is asked
 * again until deadline_ms are over. 0, AWS_NO_ROLE, or negative.
 */
int aws_credentials_get(struct imds *i, unsigned deadline_ms, struct aws_credentials *ret, struct err *e) MUST_CHECK;

/* One answer of the metadata service. 0, -EAGAIN (its Code is not Success; *e says which), -EBADMSG. Leaves role alone. */
int aws_credentials_parse(struct view text, struct aws_credentials *ret, struct err *e) MUST_CHECK;

/* One answer of the agent, for a task's role: the same without a Code. 0 or -EBADMSG. Leaves role alone. */
int aws_credentials_parse_task(struct view text, struct aws_credentials *ret, struct err *e) MUST_CHECK;

#endif
