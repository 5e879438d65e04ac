/* The one key that the agent's image may be signed with. A constant of the program: nothing at run time can replace it. */
#ifndef INIT_ENGINE_SIGNING_KEY_H
#define INIT_ENGINE_SIGNING_KEY_H

#include <stddef.h>

struct signing_key {
	const char          *owner;
	unsigned char        fingerprint[20]; /* of the OpenPGP key; its last 8 bytes are the key's id */
	const unsigned char *der;             /* the RSA key, as a SubjectPublicKeyInfo */
	size_t               der_len;
};

/* Tests link another table of this name (tests/fakes/signing-key.c); there is no switch for it. */
extern const struct signing_key agent_signing_key;

#endif
