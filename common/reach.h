/* How AWS is reached from here: through the proxy that the agent uses. */
#ifndef COMMON_REACH_H
#define COMMON_REACH_H

#include "common/attr.h"
#include "common/aws.h"
#include "common/http.h"

/* The HTTPS_PROXY (else HTTP_PROXY) and NO_PROXY that ecs.config holds by now. */
struct reach {
	char               *https, *http, *no;
	struct http_outside outside; /* points into them */
};

void reach_look(int root, struct reach *ret);
void reach_done(struct reach *r);
#define AUTO_REACH CLEANUP(reach_done) struct reach

/* As aws_open(), by way of that proxy. */
int reach_aws(int root, struct imds *imds, struct aws **ret, struct err *e) MUST_CHECK;

#endif
