/*
 * What need not be looked at again. nf_tables counts its changes: as long as it counts none, rules that were right are right.
 * The extensions of iptables are in one folder: as long as nothing comes or goes there, those that were there are there.
 */
#ifndef NETCONF_SEEN_H
#define NETCONF_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/paths.h"
#include "netconf/backend.h"

#define SEEN_RULES      PATH_RUN_DIR "/netconf.seen"
#define SEEN_EXTENSIONS PATH_RUN_DIR "/netconf.extensions" /* and 4 or 6 */

/* A number that is another one for other wanted rules, another backend, network namespace, boot or generation of nf_tables. */
uint64_t seen_fingerprint(const struct plan *p, enum backend b, uint32_t generation);

/* Another one for other rules, another kernel, or after a change in libxtables' folder. 0: not known, never to be kept. */
uint64_t seen_extensions(enum family f, const struct wanted *w);

bool seen_is(int root, const char *file, uint64_t fingerprint);

/* For the next time. That it cannot be kept is no failure. */
void seen_keep(int root, const char *file, uint64_t fingerprint);

#endif
