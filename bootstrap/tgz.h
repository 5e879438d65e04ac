/* A tar.gz in memory: ustar headers, all files in one folder, mode 0600. The second file that talks to zlib. */
#ifndef BOOTSTRAP_TGZ_H
#define BOOTSTRAP_TGZ_H

#include <stdbool.h>
#include <time.h>

#include "common/buf.h"
#include "common/err.h"

enum { TGZ_NAME_MAX = 99, TGZ_RESERVE = 1 << 20 /* of the limit, for the last file */ };

struct tgz;

/* folder: one name, at most TGZ_NAME_MAX bytes. The archive is appended to *out, up to its limit; out must stay. 0 or negative. */
int tgz_begin(const char *folder, time_t when, struct buf *out, struct tgz **ret, struct err *e) MUST_CHECK;
void tgz_freep(struct tgz **t);
#define AUTO_TGZ CLEANUP(tgz_freep) struct tgz

/*
 * One file; name: at most TGZ_NAME_MAX bytes, relative. 0; -EMSGSIZE: it might not fit, and nothing of it is in; or negative, and
 * the archive is of no use. last: the reserve may be used.
 */
int tgz_add(struct tgz *t, const char *name, struct view data, bool last, struct err *e) MUST_CHECK;

/* After the last file: *out is whole then. 0 or negative. */
int tgz_end(struct tgz *t, struct err *e) MUST_CHECK;

#endif
