/* Brings the agent's image from AWS: finds out where, waits for the network, goes on after interruptions, verifies. */
#ifndef INIT_ENGINE_DOWNLOAD_H
#define INIT_ENGINE_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct download {
	int  root;
	bool again;       /* also when /var/cache/ecs/ecs-agent.tar is there already */
	long patience_ms; /* gives up when nothing came for so long; negative: never, while the cause may pass */
	void (*progress)(void *ctx, uint64_t have, uint64_t whole);  /* at every piece; whole 0: unknown */
	void (*waiting)(void *ctx, const char *why, unsigned ms);    /* before it sleeps for ms */
	void (*warn)(void *ctx, const char *text);
	void *ctx;
	/* filled */
	char     url[256];
	uint64_t bytes, resumed;
};

enum { DOWNLOAD_THERE = 1 }; /* another process has brought it meanwhile */

/*
 * Leaves a verified ecs-agent.tar in /var/cache/ecs, and nothing else there; interrupted, the file that it goes on with.
 * What the metadata service, S3 or the network fail to do is tried again, unless both buckets say no or hold what the ECS
 * signing key did not sign. 0, DOWNLOAD_THERE, or negative (-EKEYREJECTED: only badly signed ones were there).
 */
int download_agent(struct download *d, struct err *e) MUST_CHECK;

#endif
