/* Whether a file is what a signing key signed: hashed as it comes, judged at its end. The only file that loads libcrypto, and late. */
#ifndef INIT_ENGINE_SIGNATURE_H
#define INIT_ENGINE_SIGNATURE_H

#include "common/err.h"
#include "common/view.h"
#include "init/engine/signing-key.h"

struct signature;

/*
 * armored: an OpenPGP signature (openpgp.h says which kinds). key must outlive *ret, which the caller frees.
 * 0; -EKEYREJECTED when the signature says itself that another key made it; -ELIBACC without libcrypto; -EBADMSG and the
 * like when it is no signature. The sentence is the cause alone: "it was made with key …".
 */
int signature_new(const struct signing_key *key, struct view armored, struct signature **ret, struct err *e) MUST_CHECK;
void signature_freep(struct signature **s);
#define AUTO_SIGNATURE CLEANUP(signature_freep) struct signature

int signature_restart(struct signature *s, struct err *e) MUST_CHECK; /* forgets the bytes that were added */
int signature_add(struct signature *s, const void *data, size_t n, struct err *e) MUST_CHECK;

/* Of all bytes that were added: 0, or -EKEYREJECTED with the cause. Ends the hash: only signature_restart may follow. */
int signature_check(struct signature *s, struct err *e) MUST_CHECK;

#endif
