/* How AWS is reached from here: through the proxy that the agent uses. */
#ifndef COMMON_REACH_H
#define COMMON_REACH_H

#include "common/aws.h"

/* As aws_open(), with the HTTPS_PROXY (else HTTP_PROXY) and NO_PROXY that ecs.config holds by now. */
int reach_aws(int root, struct imds *imds, struct aws **ret, struct err *e) MUST_CHECK;

#endif
