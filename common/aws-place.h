/* Asks the metadata service where the instance is. */
#ifndef COMMON_AWS_PLACE_H
#define COMMON_AWS_PLACE_H

#include "common/aws-endpoint.h"
#include "common/imds.h"

/*
 * Fills region and domain; dual_stack too when the instance has no IPv4 address, since only those names have IPv6 ones.
 * 0, or negative: no answer, or (-EBADMSG) none that holds a region.
 */
int aws_place_ask(struct imds *i, struct aws_place *p, struct err *e) MUST_CHECK;

#endif
