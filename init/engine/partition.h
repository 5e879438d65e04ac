/* Where AWS keeps the agent's image: keys and buckets, as Amazon's ecs-init 1.105 finds them. Pure. */
#ifndef INIT_ENGINE_PARTITION_H
#define INIT_ENGINE_PARTITION_H

#include "common/aws-endpoint.h"

enum { AGENT_KEY_SIZE = 96, AGENT_BUCKETS = 2 };

struct agent_bucket {
	char name[64];
	char region[AWS_REGION_SIZE];
};

/*
 * The key of the tar for a machine (uname(2): x86_64 or aarch64) and a version, "1.105.1" or "latest".
 * 0, or -ENOTSUP for another machine, -EINVAL for what is no version.
 */
int agent_key(const char *machine, struct view version, char ret[AGENT_KEY_SIZE], struct err *e) MUST_CHECK;

/*
 * The buckets in the order in which they are asked; how many. First the one of the partition, by the domain that the
 * metadata service named, else by the region's name; a partition whose bucket nobody published has only the regional one.
 * p->region must be one.
 */
size_t agent_buckets(const struct aws_place *p, struct agent_bucket ret[AGENT_BUCKETS]);

#endif
