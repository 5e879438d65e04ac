/* What changed is said once: to the log, to the service manager, and in BASE.error, which mount.efs reads. Part of the program. */
#ifndef EFS_TUNNEL_REPORT_H
#define EFS_TUNNEL_REPORT_H

#include "efs/tunnel/tunnel.h"

void report_forget(const struct tunnel *t); /* what an earlier tunnel of this name left in BASE.error */

/* It cannot start, or a connection failed. */
void report_trouble(struct tunnel *t, const struct err *why);

/* A mount target has said something on c. */
void report_well(struct tunnel *t, const struct connection *c);

/* Of the certificate; renew_failures says how often it failed before. */
void report_renewed(struct tunnel *t);
void report_not_renewed(struct tunnel *t, const struct err *why);

#endif
