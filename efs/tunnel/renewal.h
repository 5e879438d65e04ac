/* The client's certificate is made anew in time; while that cannot be done, the old one serves as long as it is valid. */
#ifndef EFS_TUNNEL_RENEWAL_H
#define EFS_TUNNEL_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "efs/certificate.h"
#include "efs/tunnel/config.h"

enum { /* milliseconds */
	RENEW_MS = 3600 * 1000, /* as efs-utils; a certificate is valid for three times as long */
	RENEW_RETRY_FIRST_MS = 1000,
	RENEW_RETRY_MAX_MS = 300 * 1000,
};

/* When to try next, in milliseconds from now: after a success (failures 0), or so many failures in a row. Pure. */
long renewal_delay(unsigned failures, long renew_ms, unsigned dice);

/* One certificate at a time, made in a thread of its own: see background.h about who may touch this when. */
struct renewal {
	const struct tunnel_config *config;
	const char                 *endpoint; /* of the task's credentials */
	const char                 *version;  /* of this program */
	int                         root;
	struct efs_key             *key;      /* loaded when it is needed first */
	uint32_t                    serial;   /* of the next one */
	struct efs_identity        *made;     /* NULL: why says so */
	struct err                  why;
};

void renewal_work(void *ctx); /* ctx: the struct renewal */
void renewal_done(struct renewal *r);

#endif
