/* Whether a file is what the key signed; and that the pinned key is Amazon's. */
#include <errno.h>
#include <openssl/evp.h>

#include "init/engine/signature.h"
#include "tests/unit/signatures.h"
#include "tests/unit/test.h"

#define agent_signing_key test_key
#include "tests/fakes/signing-key.c"
#undef agent_signing_key
extern const struct signing_key agent_signing_key;

static int check(const char *armored, const char *data, size_t len, struct err *e)
{
	AUTO_SIGNATURE *s = NULL;
	int r = signature_new(&test_key, view_of(armored), &s, e);

	if (r == 0)
		r = signature_add(s, data, len, e);
	return r < 0 ? r : signature_check(s, e);
}

/* The SHA-1 of a version 4 key packet (RFC 9580, 5.5.4), from the modulus in the middle of the DER. */
static void fingerprint(const struct signing_key *key, size_t modulus, uint32_t created, unsigned char ret[20])
{
	size_t len = 1 + 4 + 1 + 2 + modulus + 2 + 3;
	unsigned char head[11] = { 0x99, (unsigned char) (len >> 8), (unsigned char) len, 4, (unsigned char) (created >> 24), (unsigned char) (created >> 16),
				   (unsigned char) (created >> 8), (unsigned char) created, 1, (unsigned char) (modulus * 8 >> 8), (unsigned char) (modulus * 8) };
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestInit_ex(c, EVP_sha1(), NULL), 1);
	EVP_DigestUpdate(c, head, sizeof head);
	EVP_DigestUpdate(c, key->der + key->der_len - 5 - modulus, modulus);
	EVP_DigestUpdate(c, "\0\21\1\0\1", 5);
	EVP_DigestFinal_ex(c, ret, NULL);
	EVP_MD_CTX_free(c);
}

/* A wrong byte in the table could not have this fingerprint, which AWS publishes. */
static void test_the_pinned_key_is_amazons(void **state)
{
	static const unsigned char published[20] = { 0xd6, 0x4b, 0xb6, 0xf9, 0x0c, 0xf3, 0x77, 0xe9, 0xb5, 0xfb,
						     0x34, 0x6f, 0x50, 0xde, 0xcc, 0xc4, 0x71, 0x0e, 0x61, 0xaf };
	unsigned char found[20];

	(void) state;
	fingerprint(&agent_signing_key, 512, 1525128201, found);
	assert_memory_equal(found, published, 20);
	assert_memory_equal(agent_signing_key.fingerprint, published, 20);
	fingerprint(&test_key, 256, 0x6b02797b, found);
	assert_memory_equal(found, test_key.fingerprint, 20);
}

static void test_good_ones(void **state)
{
	static const char *const good[] = { GPG_SHA256, GPG_SHA384, GPG_SHA512, GPG_20 };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(check(good[i], SIGNED_TEXT, strlen(SIGNED_TEXT), &e), 0);
}

static void test_another_file(void **state)
{
	static const char *const others[] = { "", "The agent's image.", "The agent's image.\n\n", "the agent's image.\n" };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_int_equal(check(GPG_SHA256, others[i], strlen(others[i]), &e), -EKEYREJECTED);
		assert_says(e, "not the one that was signed");
	}
	assert_int_equal(check(GPG_SHA256, SIGNED_TEXT, strlen(SIGNED_TEXT) + 1, &e), -EKEYREJECTED); /* a zero behind it */
}

static void test_another_key(void **state)
{
	AUTO_SIGNATURE *s = NULL;
	struct err e;

	(void) state;
	assert_int_equal(check(GPG_STRANGER, SIGNED_TEXT, strlen(SIGNED_TEXT), &e), -EKEYREJECTED);
	assert_says(e, "it was made with key C833477BEFEF6CC1, not with 3E3DF051E2512EF1 of the tests");
	assert_int_equal(signature_new(&agent_signing_key, view_of(GPG_SHA256), &s, &e), -EKEYREJECTED);
	assert_says(e, "not with 50DECCC4710E61AF of Amazon ECS");
}

/* The issuer and the two bytes of the digest are only hints; the number decides. */
static void test_hints_that_lie(void **state)
{
	struct signing_key liar = test_key;
	AUTO_SIGNATURE *s = NULL;
	struct err e;

	(void) state;
	liar.der = agent_signing_key.der; /* the id fits, the key does not */
	liar.der_len = agent_signing_key.der_len;
	assert_int_equal(signature_new(&liar, view_of(GPG_SHA256), &s, &e), 0);
	assert_int_equal(signature_add(s, SIGNED_TEXT, strlen(SIGNED_TEXT), &e), 0);
	assert_int_equal(signature_check(s, &e), -EKEYREJECTED);
	assert_says(e, "the tests did not sign it");
}

static void test_damaged_key_table(void **state)
{
	struct signing_key cut = test_key;
	AUTO_SIGNATURE *s = NULL;
	struct err e;

	(void) state;
	cut.der_len--;
	assert_int_equal(signature_new(&cut, view_of(GPG_SHA256), &s, &e), -ELIBACC);
}

/* Without its checksum: every bit of the armored text, one after the other. */
static void test_every_bit_matters(void **state)
{
	char text[] = GPG_SHA256, *crc = strstr(text, "\n=");
	size_t len = strlen(text), taken = 0;
	struct err e;

	(void) state;
	memmove(crc, crc + 6, strlen(crc + 6) + 1);
	assert_int_equal(check(text, SIGNED_TEXT, strlen(SIGNED_TEXT), &e), 0);
	for (size_t i = strlen("-----BEGIN PGP SIGNATURE-----\n\n"); i < len - 40; i++)
		for (int bit = 0; bit < 6; bit++) {
			text[i] ^= (char) (1 << bit);
			taken += check(text, SIGNED_TEXT, strlen(SIGNED_TEXT), &e) == 0;
			text[i] ^= (char) (1 << bit);
		}
	/* Only the eight that turn the unsigned copy of the issuer's id into a field that means nothing. */
	assert_int_equal(taken, 8);
}

static void test_pieces_and_a_new_start(void **state)
{
	AUTO_SIGNATURE *s = NULL;
	struct err e;

	(void) state;
	assert_int_equal(signature_new(&test_key, view_of(GPG_SHA512), &s, &e), 0);
	assert_int_equal(signature_add(s, "rubbish", 7, &e), 0);
	assert_int_equal(signature_restart(s, &e), 0);
	for (size_t i = 0; i < strlen(SIGNED_TEXT); i++)
		assert_int_equal(signature_add(s, SIGNED_TEXT + i, 1, &e), 0);
	assert_int_equal(signature_check(s, &e), 0);
	assert_int_equal(signature_restart(s, &e), 0);
	assert_int_equal(signature_check(s, &e), -EKEYREJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_pinned_key_is_amazons), TEST(test_good_ones), TEST(test_another_file), TEST(test_another_key), TEST(test_hints_that_lie),
		TEST(test_damaged_key_table), TEST(test_every_bit_matters), TEST(test_pieces_and_a_new_start),
	};

	return RUN("signature", tests);
}
