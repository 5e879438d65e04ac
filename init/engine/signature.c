#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "init/engine/openpgp.h"
#include "init/engine/signature.h"

#define LIBCRYPTO "libcrypto.so.3"

/* What is used of it. A start with the image in place, which is nearly every one, does not pay for loading it. */
static struct {
	__typeof__(EVP_MD_CTX_new)      *md_new;
	__typeof__(EVP_MD_CTX_free)     *md_free;
	__typeof__(EVP_MD_fetch)        *md_fetch;
	__typeof__(EVP_MD_free)         *md_forget;
	__typeof__(EVP_DigestInit_ex)   *md_init;
	__typeof__(EVP_DigestUpdate)    *md_update;
	__typeof__(EVP_DigestFinal_ex)  *md_final;
	__typeof__(d2i_PUBKEY)          *key_read;
	__typeof__(EVP_PKEY_free)       *key_free;
	__typeof__(EVP_PKEY_get_size)   *key_size;
	__typeof__(EVP_PKEY_CTX_new)    *use_new;
	__typeof__(EVP_PKEY_CTX_free)   *use_free;
	__typeof__(EVP_PKEY_verify_init) *verify_init;
	__typeof__(EVP_PKEY_CTX_set_rsa_padding) *set_padding;
	__typeof__(EVP_PKEY_CTX_set_signature_md) *set_md;
	__typeof__(EVP_PKEY_verify)     *verify;
} crypto;

static const struct {
	const char *name;
	void       *to;
} symbols[] = {
	{ "EVP_MD_CTX_new", &crypto.md_new },
	{ "EVP_MD_CTX_free", &crypto.md_free },
	{ "EVP_MD_fetch", &crypto.md_fetch },
	{ "EVP_MD_free", &crypto.md_forget },
	{ "EVP_DigestInit_ex", &crypto.md_init },
	{ "EVP_DigestUpdate", &crypto.md_update },
	{ "EVP_DigestFinal_ex", &crypto.md_final },
	{ "d2i_PUBKEY", &crypto.key_read },
	{ "EVP_PKEY_free", &crypto.key_free },
	{ "EVP_PKEY_get_size", &crypto.key_size },
	{ "EVP_PKEY_CTX_new", &crypto.use_new },
	{ "EVP_PKEY_CTX_free", &crypto.use_free },
	{ "EVP_PKEY_verify_init", &crypto.verify_init },
	{ "EVP_PKEY_CTX_set_rsa_padding", &crypto.set_padding },
	{ "EVP_PKEY_CTX_set_signature_md", &crypto.set_md },
	{ "EVP_PKEY_verify", &crypto.verify },
};

struct signature {
	const struct signing_key *key;
	struct openpgp_signature  pgp;
	EVP_MD                   *md;
	EVP_MD_CTX               *hash;
	EVP_PKEY                 *rsa;
};

static int load_libcrypto(struct err *e)
{
	static void *lib; /* stays for the life of the process */

	if (lib)
		return 0;
	lib = dlopen(LIBCRYPTO, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return err_say(e, -ELIBACC, "load %s: %s", LIBCRYPTO, dlerror());
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		void *found = dlsym(lib, symbols[i].name);

		if (!found) {
			dlclose(lib);
			lib = NULL;
			return err_say(e, -ELIBACC, "load %s: it has no %s", LIBCRYPTO, symbols[i].name);
		}
		memcpy(symbols[i].to, &found, sizeof found);
	}
	return 0;
}

void signature_freep(struct signature **s)
{
	if (!*s)
		return;
	if ((*s)->hash)
		crypto.md_free((*s)->hash);
	if ((*s)->md)
		crypto.md_forget((*s)->md);
	if ((*s)->rsa)
		crypto.key_free((*s)->rsa);
	free(*s);
	*s = NULL;
}

static void print_id(const unsigned char id[OPENPGP_KEY_ID], char ret[2 * OPENPGP_KEY_ID + 1])
{
	for (int i = 0; i < OPENPGP_KEY_ID; i++) {
		ret[2 * i] = "0123456789ABCDEF"[id[i] >> 4];
		ret[2 * i + 1] = "0123456789ABCDEF"[id[i] & 15];
	}
	ret[2 * OPENPGP_KEY_ID] = '\0';
}

/* The issuer is only a hint, but a better one than a digest that does not fit. */
static int check_issuer(const struct signature *s, struct err *e)
{
	const unsigned char *own = s->key->fingerprint + sizeof s->key->fingerprint - OPENPGP_KEY_ID;
	char theirs[2 * OPENPGP_KEY_ID + 1], ours[2 * OPENPGP_KEY_ID + 1];

	if (!s->pgp.has_issuer || memcmp(s->pgp.issuer, own, OPENPGP_KEY_ID) == 0)
		return 0;
	print_id(s->pgp.issuer, theirs);
	print_id(own, ours);
	return err_say(e, -EKEYREJECTED, "it was made with key %s, not with %s of %s", theirs, ours, s->key->owner);
}

static const char *hash_name(enum openpgp_hash hash)
{
	switch (hash) {
	case OPENPGP_SHA256:
		return "SHA2-256";
	case OPENPGP_SHA384:
		return "SHA2-384";
	case OPENPGP_SHA512:
		break;
	}
	return "SHA2-512";
}

int signature_new(const struct signing_key *key, struct view armored, struct signature **ret, struct err *e)
{
	AUTO_SIGNATURE *s = calloc(1, sizeof *s);
	const unsigned char *der = key->der;
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "read the signature");
	s->key = key;
	if ((r = openpgp_read(armored, &s->pgp, e)) < 0 || (r = check_issuer(s, e)) < 0 || (r = load_libcrypto(e)) < 0)
		return r;
	s->md = crypto.md_fetch(NULL, hash_name(s->pgp.hash), NULL);
	s->hash = crypto.md_new();
	s->rsa = crypto.key_read(NULL, &der, (long) key->der_len);
	if (!s->md || !s->hash || !s->rsa)
		return err_say(e, -ELIBACC, "%s does not provide %s or RSA", LIBCRYPTO, hash_name(s->pgp.hash));
	r = signature_restart(s, e);
	if (r == 0)
		*ret = TAKE_PTR(s);
	return r;
}

int signature_restart(struct signature *s, struct err *e)
{
	return crypto.md_init(s->hash, s->md, NULL) == 1 ? 0 : err_say(e, -EIO, "%s: hashing failed", LIBCRYPTO);
}

int signature_add(struct signature *s, const void *data, size_t n, struct err *e)
{
	return crypto.md_update(s->hash, data, n) == 1 ? 0 : err_say(e, -EIO, "%s: hashing failed", LIBCRYPTO);
}

/* PKCS #1 v1.5 wants a value as long as the modulus; OpenPGP leaves leading zeros out. */
static bool rsa_fits(const struct signature *s, const unsigned char *digest, size_t digest_len)
{
	unsigned char value[OPENPGP_BODY_MAX] = { 0 };
	size_t size = (size_t) crypto.key_size(s->rsa);
	EVP_PKEY_CTX *use;
	bool good;

	if (size > sizeof value || s->pgp.value_len > size)
		return false;
	memcpy(value + size - s->pgp.value_len, s->pgp.body + s->pgp.value_at, s->pgp.value_len);
	use = crypto.use_new(s->rsa, NULL);
	good = use && crypto.verify_init(use) == 1 && crypto.set_padding(use, RSA_PKCS1_PADDING) == 1 && crypto.set_md(use, s->md) == 1 &&
	       crypto.verify(use, value, size, digest, digest_len) == 1;
	crypto.use_free(use);
	return good;
}

int signature_check(struct signature *s, struct err *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	int r = signature_add(s, s->pgp.body, s->pgp.signed_len, e);

	if (r == 0)
		r = signature_add(s, s->pgp.trailer, sizeof s->pgp.trailer, e);
	if (r < 0)
		return r;
	if (crypto.md_final(s->hash, digest, &len) != 1)
		return err_say(e, -EIO, "%s: hashing failed", LIBCRYPTO);
	if (memcmp(digest, s->pgp.left, sizeof s->pgp.left) != 0)
		return err_say(e, -EKEYREJECTED, "the file is not the one that was signed");
	if (!rsa_fits(s, digest, len))
		return err_say(e, -EKEYREJECTED, "%s did not sign it", s->key->owner);
	return 0;
}
