/* libnftables, loaded when it is first asked for: the program starts without it. The only file that knows it. */
#ifndef NETCONF_NFT_H
#define NETCONF_NFT_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

struct nft;

enum { NFT_ABSENT = 1 };

/* NFT_ABSENT: the library is not installed. The caller frees *ret with nft_freep(). */
int nft_open(struct nft **ret, struct err *e) MUST_CHECK;
void nft_freep(struct nft **n);
#define AUTO_NFT CLEANUP(nft_freep) struct nft

/*
 * Runs commands in the words of nft(8): all of them in one transaction, or none. What they print is appended to *out
 * (NULL: dropped): priorities as numbers, no counters, with handles if asked for. The sentence is the library's own.
 */
int nft_run(struct nft *n, const char *commands, struct buf *out, struct err *e) MUST_CHECK;

/* The same up to the kernel's answer, with nothing changed. */
int nft_try(struct nft *n, const char *commands, struct err *e) MUST_CHECK;

/* From now on with or without handles. */
void nft_show_handles(struct nft *n, bool yes);

#endif
