/* The file that a download grows in, under one fixed name, so that an interrupted one goes on, also in a later process. */
#ifndef INIT_ENGINE_PARTIAL_H
#define INIT_ENGINE_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/view.h"

#define PARTIAL_NAME "ecs-agent.tar.part" /* in /var/cache/ecs */

struct partial {
	int      dir, file;   /* file negative: there is none yet */
	uint64_t size;        /* bytes that are there */
	char     source[256]; /* what they are the beginning of: "KEY ETAG"; empty: of nothing that could go on */
};

enum { PARTIAL_BUSY = 1 };

/*
 * Opens it if it is there, making its folder (0700), and locks the folder against other processes that download. What an
 * earlier process left is kept if that noted (in an extended attribute) what it is. 0, PARTIAL_BUSY: another one is at it,
 * or negative.
 */
int partial_open(int root, struct partial *ret, struct err *e) MUST_CHECK;
void partial_close(struct partial *p); /* an empty file goes away, another stays for the next time; unlocks */
#define AUTO_PARTIAL CLEANUP(partial_close) struct partial

/* Takes the file away that an interrupted download left, unless another process is at it. For when the image came otherwise. */
void partial_sweep(int root);

/* The ETag to go on with for key; NULL when there is nothing to go on with. */
const char *partial_etag(const struct partial *p, const char *key);

/*
 * Forgets the bytes. What comes next is of key and etag (empty: unknown, then it cannot be gone on with); the file is made
 * (0600) when there is none. With an empty key nothing comes next.
 */
int partial_restart(struct partial *p, const char *key, struct view etag, struct err *e) MUST_CHECK;

/* Appends; -ENOSPC and the like with a sentence. */
int partial_write(struct partial *p, struct view data, struct err *e) MUST_CHECK;

/* Hands all bytes to take, in pieces, until that fails. */
int partial_read(struct partial *p, int (*take)(void *ctx, struct view data, struct err *e), void *ctx, struct err *e) MUST_CHECK;

/* Whether `more` bytes fit on the file system, with a reserve for others. 0, or -ENOSPC with both figures. */
int partial_room(const struct partial *p, uint64_t more, struct err *e) MUST_CHECK;

/* Makes it /var/cache/ecs/ecs-agent.tar, safe from a power cut. */
int partial_commit(struct partial *p, struct err *e) MUST_CHECK;

#endif
