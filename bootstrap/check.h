/* `check`: everything that is wrong or risky in user data, found without a host. Pure but for memory. */
#ifndef BOOTSTRAP_CHECK_H
#define BOOTSTRAP_CHECK_H

#include "bootstrap/remark.h"
#include "cloud-init/userdata.h"
#include "common/err.h"

struct check {
	struct view      raw;      /* as it came; must stay */
	struct userdata *u;        /* NULL: unreadable, which is a remark */
	struct view      document; /* what lines are counted in */
	struct remarks   found;
};

/* 0 and *ret, whatever is found; negative only without memory. */
int check_userdata(struct view raw, struct check **ret, struct err *e) MUST_CHECK;
void check_freep(struct check **c);
#define AUTO_CHECK CLEANUP(check_freep) struct check

/* Whether somebody should do something about it. */
bool check_failed(const struct check *c);

/* Append what was found like a compiler (file: what the user calls it), or as JSON. Secrets in lines of the source are hidden. */
int check_text(const struct check *c, const char *file, struct buf *ret, struct err *e) MUST_CHECK;
int check_json(const struct check *c, struct buf *ret, struct err *e) MUST_CHECK;

#endif
