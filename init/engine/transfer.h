/* One try to bring an object to its end: goes on where the last one ended, writes, hashes and judges it. */
#ifndef INIT_ENGINE_TRANSFER_H
#define INIT_ENGINE_TRANSFER_H

#include "init/engine/bucket.h"
#include "init/engine/partial.h"
#include "init/engine/signature.h"

enum { TRANSFER_MAX = 1 << 30 }; /* bytes of a tar; the agent's has about 80 MB */

struct transfer {
	const struct s3     *s3;
	struct agent_bucket *bucket;
	const char          *key;
	struct partial      *to;
	struct signature    *signature;
	void (*progress)(void *ctx, uint64_t have, uint64_t whole); /* whole 0: unknown */
	void                *ctx;
	/* filled */
	char                 url[BUCKET_URL_SIZE];
	uint64_t             resumed;  /* bytes that were there */
	unsigned             wait_ms;  /* S3 asks for so much patience */
};

/*
 * 0: to holds the whole object and the signature is its. BUCKET_LATER: it was interrupted; what came stays. BUCKET_LACKS: the
 * bucket has none, or not what the key signed; nothing is kept then. Negative: this host's fault (-ENOSPC, -EIO …).
 */
int transfer_run(struct transfer *t, struct err *e) MUST_CHECK;

/* "bytes FIRST-LAST/WHOLE" of a Content-Range. 0 or -EBADMSG, also when the three do not fit together. Pure. */
int transfer_range(struct view text, uint64_t *ret_first, uint64_t *ret_whole) MUST_CHECK;

#endif
