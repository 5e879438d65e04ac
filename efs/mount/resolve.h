/* Addresses of a name, and whether TCP port 2049 answers there: each with a deadline, in a child, since neither libc nor a name server has one. */
#ifndef EFS_MOUNT_RESOLVE_H
#define EFS_MOUNT_RESOLVE_H

#include <stddef.h>

#include "common/err.h"

enum { ADDRESSES_MAX = 8, ADDRESS_SIZE = 64, NFS_PORT = 2049 };

struct addresses {
	char   text[ADDRESSES_MAX][ADDRESS_SIZE]; /* numeric */
	size_t n;
	char   canonical[256]; /* where CNAMEs lead; "" if unknown */
};

/*
 * Asks again while name servers do not answer, until deadline (clock_ms()). 0; -EHOSTUNREACH: the name has no address;
 * -EAGAIN: no name server answered; -ETIMEDOUT. The sentence is the cause alone, the name is the caller's to say.
 */
int resolve(const char *name, long deadline, struct addresses *ret, struct err *e) MUST_CHECK;

/*
 * Connects and hangs up, in the namespace netns (-1: ours): `tries` tries of 2 s, half a second apart, as amazon-efs-utils has it.
 * 0, or -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH … of the last, with a sentence that names a likely cause.
 */
int probe(const char *address, unsigned port, unsigned tries, int netns, struct err *e) MUST_CHECK;

#endif
