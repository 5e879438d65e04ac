/* Where AWS's services answer: host names by partition, FIPS and dual-stack. Pure but for the last two. */
#ifndef COMMON_AWS_ENDPOINT_H
#define COMMON_AWS_ENDPOINT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/view.h"

enum { AWS_REGION_SIZE = 33, AWS_DOMAIN_SIZE = 65, AWS_HOST_SIZE = 256 };

struct aws_place {
	char region[AWS_REGION_SIZE];
	char domain[AWS_DOMAIN_SIZE]; /* services/domain of the metadata service; empty: by the region's name */
	bool fips;       /* asked for by name: taken at its word */
	bool fips_host;  /* the kernel runs in FIPS mode: FIPS names wherever AWS has them */
	bool dual_stack; /* asked for, or the host has no IPv4 address */
};

/* A region as it may stand in a host name: small letters, digits, '-'. */
bool aws_is_region(struct view text);

/* "s3", "ssm" or "ecs" at region (NULL: the place's own) -> host name. 0, or -EINVAL when a name in it is none. */
int aws_host(const struct aws_place *p, const char *service, const char *region, char ret[AWS_HOST_SIZE], struct err *e) MUST_CHECK;

/* Reads AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and, below root, /proc/sys/crypto/fips_enabled. */
void aws_place_look(int root, struct aws_place *p);

/* AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL: a base URL, as AWS's SDKs take it; NULL: not set. */
const char *aws_endpoint_override(const char *service);

/* The same without a '/' at its end: AWS_OVERRIDDEN and it is in ret, 0 when there is none, -EINVAL when it is no address. */
enum { AWS_OVERRIDDEN = 1 };
int aws_endpoint_base(const char *service, char *ret, size_t size, struct err *e) MUST_CHECK;

#endif
