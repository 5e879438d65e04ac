/* Whom we believe that a server is who it says: the certificate bundle of the distribution. */
#ifndef EFS_TUNNEL_AUTHORITIES_H
#define EFS_TUNNEL_AUTHORITIES_H

#include "common/buf.h"
#include "common/err.h"

/* path: the bundle that was asked for; empty: the first of the known places that is there. Below root. Appended to *pem. */
int authorities_read(int root, const char *path, struct buf *pem, struct err *e) MUST_CHECK;

#endif
