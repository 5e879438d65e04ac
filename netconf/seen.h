/*
 * Whether anything has changed since all was found right. nf_tables counts its changes; as long as it counts none, neither
 * rules nor chains need to be looked at again.
 */
#ifndef NETCONF_SEEN_H
#define NETCONF_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/paths.h"
#include "netconf/backend.h"

#define SEEN_FILE PATH_RUN_DIR "/netconf.seen"

/* A number that is another one for other wanted rules, another backend, network namespace, boot or generation of nf_tables. */
uint64_t seen_fingerprint(const struct plan *p, enum backend b, uint32_t generation);

bool seen_is(int root, uint64_t fingerprint);

/* For the next time. That it cannot be kept is no failure. */
void seen_keep(int root, uint64_t fingerprint);

#endif
