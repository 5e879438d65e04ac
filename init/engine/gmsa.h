/* Group managed service accounts: whether this host has joined a domain. */
#ifndef INIT_ENGINE_GMSA_H
#define INIT_ENGINE_GMSA_H

#include <stdbool.h>

#include "common/err.h"

/* Asks realmd (`realm list`), at most 10 s. 0 and *ret, or why it cannot be known. */
int gmsa_domain_joined(bool *ret, struct err *e) MUST_CHECK;

#endif
