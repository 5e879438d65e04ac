/* Where a file system is and by which name it is reached: options, environment, efs-utils.conf and the metadata service, in this order. */
#ifndef EFS_MOUNT_PLACE_H
#define EFS_MOUNT_PLACE_H

#include "common/imds.h"
#include "efs/mount/options.h"
#include "efs/mount/resolve.h"
#include "efs/mount/spec.h"

struct place {
	char id[EFS_ID_SIZE];
	char region[AWS_REGION_SIZE];
	char host[EFS_HOST_SIZE];    /* the regional name, as it is in the certificate */
	char connect[EFS_HOST_SIZE]; /* name or address to connect to */
	bool is_address;             /* connect is one */
	struct addresses addresses;  /* of connect */
};

struct search {
	int                       root;
	const struct efs_spec    *spec;
	const struct efs_options *options;
	struct view               conf; /* text of efs-utils.conf */
	int                       netns; /* where the mount will live; -1: here. Names are always looked up here. */
	long                      deadline; /* clock_ms() */
	struct imds              *imds; /* NULL before it was needed; the caller frees it */
};

/*
 * 0 and *ret. Where the name has no address, the EFS API is asked for the mount targets. Negative: the sentence says what
 * was not found, and why each of the ways failed.
 */
int place_find(struct search *s, struct place *ret, struct err *e) MUST_CHECK;

#endif
