/* The agent's image as `docker save` writes it: is it one? Pure. */
#ifndef BOOTSTRAP_AGENT_TAR_H
#define BOOTSTRAP_AGENT_TAR_H

#include "common/err.h"
#include "common/view.h"

/*
 * 0 if the tar is whole and its manifest.json names the image tag. Otherwise -EBADMSG and the reason alone: no tar, cut
 * off, without a manifest, of another image. A packed one (gzip) is no tar here.
 */
int agent_tar_check(struct view tar, const char *tag, struct err *e) MUST_CHECK;

#endif
