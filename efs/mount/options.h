/* The -o of mount.efs, as amazon-efs-utils defines it: what is ours, what excludes what, and what NFS gets. Pure. */
#ifndef EFS_MOUNT_OPTIONS_H
#define EFS_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* Ours first; from OPT_PORT on NFS's, which are remembered because of a rule or a default. */
enum efs_opt {
	OPT_TLS, OPT_TLSPORT, OPT_IAM, OPT_AWSCREDSURI, OPT_ACCESSPOINT, OPT_AZ, OPT_REGION, OPT_MOUNTTARGETIP, OPT_CROSSACCOUNT,
	OPT_NETNS, OPT_VERIFY, OPT_CAFILE, OPT_NOTLS, OPT_NOOCSP, OPT_STUNNEL,
	OPT_PORT, OPT_VERSION, OPT_RSIZE, OPT_WSIZE, OPT_HARD, OPT_TIMEO, OPT_RETRANS, OPT_RESVPORT,
	OPTS
};

enum { OPTIONS_MAX = 4096, RSIZE_DEFAULT = 1048576 };

struct efs_options {
	bool        given[OPTS];
	struct view value[OPTS]; /* into the text that was parsed; checked for their form */
	uint64_t    rsize;       /* bytes */
	unsigned    tlsport;     /* 0: any */
	bool        verify;      /* the server's certificate */
	struct buf  nfs;         /* what is not ours, separated by commas, in the order it came */
};

/*
 * text: as after -o, "" for none; it must outlive *ret. The last one wins where an option comes twice. A comma in double
 * quotes does not separate. 0; -EINVAL (the sentence names the option and the rule), -ENOTSUP (an option of efs-utils that
 * is not to be had here, and why), -E2BIG, -ENOMEM. The caller ends *ret with efs_options_done() in any case.
 */
int efs_options_parse(struct view text, struct efs_options *ret, struct err *e) MUST_CHECK;
void efs_options_done(struct efs_options *o);
#define AUTO_EFS_OPTIONS CLEANUP(efs_options_done) struct efs_options

/* Appends what mount.nfs4 gets: the options of the user, and the defaults that AWS recommends. port 0: none. 0 or -ENOMEM. */
int efs_options_nfs(const struct efs_options *o, unsigned port, struct buf *b) MUST_CHECK;

#endif
