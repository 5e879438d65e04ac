/* What is to be mounted and where: the words of a mount line, the names of an EFS mount target, the name of a mount. Pure. */
#ifndef EFS_MOUNT_SPEC_H
#define EFS_MOUNT_SPEC_H

#include "common/aws-endpoint.h"

enum { EFS_ID_SIZE = 65, EFS_HOST_SIZE = 256, EFS_BASE_SIZE = 201 };

/* "fs-0123[:/path]", or a host name instead of the id. Views into the text; path "/" if there is none. */
struct efs_spec {
	struct view id;   /* p NULL: host is given */
	struct view host;
	struct view path;
};

/* 0 or -EINVAL with a sentence. */
int efs_spec_parse(struct view text, struct efs_spec *ret, struct err *e) MUST_CHECK;

/* "[ZONE.]fs-0123.efs.REGION.DOMAIN" taken apart; a final dot is fine. */
struct efs_name {
	struct view zone; /* len 0: none */
	struct view id, region, domain;
};
bool efs_name_parse(struct view host, struct efs_name *ret);

/* The name of the file system at its region, as it is in certificates. domain NULL or "": the one of the region's partition. 0 or -EINVAL. */
int efs_name_make(const char *id, const char *region, const char *domain, char ret[EFS_HOST_SIZE], struct err *e) MUST_CHECK;

/*
 * The name of one mount, for files and for a systemd instance: id, and the mount point with '.' for '/'. Whatever else is
 * not a letter, digit, ':', '_' or '-' becomes \xNN, so that two mount points never have the same. One that would be too
 * long ends in a hash. dir: absolute, without . and .. 0, or -EIO (no SHA-256 here).
 */
int efs_base_make(const char *id, const char *dir, char ret[EFS_BASE_SIZE], struct err *e) MUST_CHECK;

#endif
