/* The mount targets of a file system, from the EFS API: what is left where DNS does not know its name. */
#ifndef EFS_MOUNT_TARGETS_H
#define EFS_MOUNT_TARGETS_H

#include "common/imds.h"
#include "common/view.h"

struct target_want {
	const char *zone;    /* "eu-central-1a"; "": any */
	const char *zone_id; /* "euc1-az2"; "": not known */
};

/*
 * Picks from what DescribeMountTargets answered: a target that is available, in that zone; any if no zone is known. Pure.
 * 0 and its address (IPv4 where it has one); -ENOENT: none there, the sentence names the zones that have one; -EBADMSG.
 */
int targets_pick(struct view answer, const struct target_want *want, char *ret, size_t size, struct err *e) MUST_CHECK;

/* Asks the API with the instance's role, by way of the agent's proxy if it has one. region: of the file system. 0, or negative with a sentence; at most deadline_ms. */
int targets_find(struct imds *i, int root, const char *id, const char *region, const struct target_want *want, unsigned deadline_ms,
		 char *ret, size_t size, struct err *e) MUST_CHECK;

#endif
