/* One detached OpenPGP signature, as gpg writes it and in every way in which it can be wrong. */
#include <errno.h>

#include "init/engine/openpgp.h"
#include "tests/unit/signatures.h"
#include "tests/unit/test.h"

/* A packet that a case makes: fields of a signature, and the header before them. */
struct packet {
	unsigned char p[OPENPGP_BODY_MAX + 16];
	size_t        len;
};

static void add(struct packet *k, const void *data, size_t n)
{
	assert_true(k->len + n <= sizeof k->p);
	memcpy(k->p + k->len, data, n);
	k->len += n;
}

static void armor(const struct packet *k, char *ret, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = (size_t) snprintf(ret, size, "-----BEGIN PGP SIGNATURE-----\n\n");

	for (size_t i = 0; i < k->len; i += 3) {
		uint32_t v = (uint32_t) k->p[i] << 16 | (i + 1 < k->len ? (uint32_t) k->p[i + 1] << 8 : 0) | (i + 2 < k->len ? k->p[i + 2] : 0);

		n += (size_t) snprintf(ret + n, size - n, "%c%c%c%c%s", digits[v >> 18], digits[v >> 12 & 63],
				       i + 1 < k->len ? digits[v >> 6 & 63] : '=', i + 2 < k->len ? digits[v & 63] : '=', i % 48 == 45 ? "\n" : "");
	}
	snprintf(ret + n, size - n, "\n-----END PGP SIGNATURE-----\n");
}

static int read_packet(const struct packet *k, struct openpgp_signature *s, struct err *e)
{
	static char text[OPENPGP_ARMOR_MAX];

	armor(k, text, sizeof text);
	return openpgp_read(view_of(text), s, e);
}

/* Version, type, algorithm, hash, hashed fields, other fields, two bytes of digest, number: in an old packet header. */
static void make(struct packet *k, const char *kind, const char *hashed, size_t hashed_len, const char *other, size_t other_len, const char *value,
		 size_t value_len)
{
	size_t body = 4 + 2 + hashed_len + 2 + other_len + 2 + value_len;

	k->len = 0;
	add(k, (unsigned char[]) { 0x89, (unsigned char) (body >> 8), (unsigned char) body }, 3);
	add(k, kind, 4);
	add(k, (unsigned char[]) { (unsigned char) (hashed_len >> 8), (unsigned char) hashed_len }, 2);
	add(k, hashed, hashed_len);
	add(k, (unsigned char[]) { (unsigned char) (other_len >> 8), (unsigned char) other_len }, 2);
	add(k, other, other_len);
	add(k, "\xab\xcd", 2);
	add(k, value, value_len);
}

#define BYTES(text)  text, sizeof(text) - 1
#define RSA_SHA256   "\4\0\1\10"
#define CREATED      "\5\2\x60\0\0\0"
#define ISSUER       "\11\20\1\2\3\4\5\6\7\10"
#define SMALL_NUMBER "\0\11\1\377"

static void test_what_gpg_makes(void **state)
{
	static const struct {
		const char       *text;
		enum openpgp_hash hash;
	} cases[] = { { GPG_SHA256, OPENPGP_SHA256 }, { GPG_SHA384, OPENPGP_SHA384 }, { GPG_SHA512, OPENPGP_SHA512 }, { GPG_20, OPENPGP_SHA256 } };
	struct openpgp_signature s;
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(openpgp_read(view_of(cases[i].text), &s, &e), 0);
		assert_int_equal(s.hash, cases[i].hash);
		assert_true(s.has_issuer);
		assert_memory_equal(s.issuer, "\x3e\x3d\xf0\x51\xe2\x51\x2e\xf1", 8);
		assert_int_equal(s.value_len, 256);
		assert_memory_equal(s.trailer, ((unsigned char[]) { 4, 0xff, 0, 0, 0, (unsigned char) s.signed_len }), 6);
	}
	assert_int_equal(s.signed_len, 12); /* gpg 2.0: six bytes, and the time */
}

static void test_kinds_that_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = { { GPG_SHA1, "hash 2" }, { GPG_TEXT, "type 0x01" }, { GPG_EXPIRES, "end date" } };
	struct openpgp_signature s;
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(openpgp_read(view_of(cases[i].text), &s, &e), -ENOTSUP);
		assert_says(e, cases[i].says);
	}
}

static void test_armor_cut_anywhere(void **state)
{
	size_t len = strlen(GPG_SHA256);
	struct openpgp_signature s;
	struct err e;

	(void) state;
	for (size_t n = 0; n < len - 1; n++)
		assert_int_equal(openpgp_read((struct view) { GPG_SHA256, n }, &s, &e), -EBADMSG);
	assert_int_equal(openpgp_read((struct view) { GPG_SHA256, len - 1 }, &s, &e), 0); /* no last line end */
}

/* A changed character is seen by the checksum, whatever it means. */
static void test_armor_damaged_anywhere(void **state)
{
	char text[] = GPG_SHA256;
	struct openpgp_signature s;
	struct err e;

	(void) state;
	for (size_t i = 0; text[i]; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(openpgp_read(view_of(text), &s, &e), -EBADMSG);
		text[i] = was;
	}
}

static void test_armor(void **state)
{
	static const char *const bad[] = {
		"", "\n", "<html>503</html>", GPG_SHA256 "x", GPG_SHA256 GPG_SHA256, "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP MESSAGE-----\n\nwA==\n-----END PGP MESSAGE-----\n", "-----BEGIN PGP SIGNATURE-----\n\niQ==\niQ==\n-----END PGP SIGNATURE-----\n",
	};
	struct openpgp_signature s;
	struct packet k;
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(openpgp_read(view_of(bad[i]), &s, &e), -EBADMSG);
	assert_int_equal(openpgp_read(view_of("some words before it\n" GPG_SHA256 "\n \n"), &s, &e), 0);
	make(&k, RSA_SHA256, BYTES(CREATED), BYTES(ISSUER), BYTES(SMALL_NUMBER));
	assert_int_equal(read_packet(&k, &s, &e), 0); /* no checksum is no fault */
	assert_int_equal(s.value_len, 2);
}

static void test_versions_and_algorithms(void **state)
{
	static const struct {
		const char *kind, *says;
	} cases[] = {
		{ "\3\0\1\10", "version 3" },  { "\5\0\1\10", "version 5" },   { "\6\0\1\10", "version 6" },   { "\4\1\1\10", "type 0x01" },
		{ "\4\x10\1\10", "type 0x10" }, { "\4\0\21\10", "algorithm 17" }, { "\4\0\26\10", "algorithm 22" }, { "\4\0\3\10", "algorithm 3" },
		{ "\4\0\1\1", "hash 1" },      { "\4\0\1\2", "hash 2" },       { "\4\0\1\3", "hash 3" },       { "\4\0\1\13", "hash 11" },
	};
	struct openpgp_signature s;
	struct packet k;
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make(&k, cases[i].kind, BYTES(CREATED), BYTES(ISSUER), BYTES(SMALL_NUMBER));
		assert_int_equal(read_packet(&k, &s, &e), -ENOTSUP);
		assert_says(e, cases[i].says);
	}
}

static void test_fields(void **state)
{
	static const struct {
		const char *hashed;
		size_t      len;
		int         want;
		const char *says;
	} cases[] = {
		{ BYTES(""), 0, "" },
		{ BYTES("\2\144\0"), 0, "" },                      /* a private one */
		{ BYTES("\2\344\0"), -ENOTSUP, "critical field of kind 100" },
		{ BYTES("\5\203\0\0\0\1"), -ENOTSUP, "end date" }, /* critical or not */
		{ BYTES("\5\202\x60\0\0\0"), 0, "" },              /* a critical one that is known */
		{ BYTES("\0"), -EBADMSG, "damaged" },
		{ BYTES("\6\2\x60\0\0\0"), -EBADMSG, "damaged" },  /* longer than its area */
		{ BYTES("\377\0\0\0\2\144\0"), 0, "" },            /* lengths of five bytes */
		{ BYTES("\377\377\377\377\377\144"), -EBADMSG, "damaged" },
		{ BYTES("\300"), -EBADMSG, "damaged" },
		{ BYTES("\3\20\1\2"), -EBADMSG, "kind 16" },
		{ BYTES("\11\20\1\2\3\4\5\6\7\11"), -EBADMSG, "two keys" },
		{ BYTES("\26\41\5\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\10"), -EBADMSG, "kind 33" }, /* of a version 5 key */
		{ BYTES("\26\41\4\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\10"), 0, "" },
	};
	struct openpgp_signature s;
	struct packet k;
	struct err e = { .text = "" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make(&k, RSA_SHA256, cases[i].hashed, cases[i].len, BYTES(ISSUER), BYTES(SMALL_NUMBER));
		assert_int_equal(read_packet(&k, &s, &e), cases[i].want);
		assert_says(e, cases[i].says);
		if (cases[i].want == 0)
			assert_int_equal(s.signed_len, 6 + cases[i].len);
	}
}

static void test_issuer_may_be_missing(void **state)
{
	struct openpgp_signature s;
	struct packet k;
	struct err e;

	(void) state;
	make(&k, RSA_SHA256, BYTES(CREATED), BYTES(""), BYTES(SMALL_NUMBER));
	assert_int_equal(read_packet(&k, &s, &e), 0);
	assert_false(s.has_issuer);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *value;
		size_t      len;
		int         want;
	} cases[] = {
		{ BYTES("\0\1\1"), 0 },         { BYTES("\0\10\200"), 0 },      { BYTES("\0\11\1\0"), 0 },
		{ BYTES(""), -EBADMSG },        { BYTES("\0"), -EBADMSG },      { BYTES("\0\0"), -EBADMSG },
		{ BYTES("\0\0\1"), -EBADMSG },  { BYTES("\0\11\1"), -EBADMSG }, { BYTES("\0\11\1\0\0"), -EBADMSG },
		{ BYTES("\0\10\1"), -EBADMSG }, { BYTES("\0\2\1"), -EBADMSG },  { BYTES("\0\1\2"), -EBADMSG },
		{ BYTES("\0\11\0\1"), -EBADMSG }, { BYTES("\377\377\1"), -EBADMSG },
	};
	struct openpgp_signature s;
	struct packet k;
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make(&k, RSA_SHA256, BYTES(CREATED), BYTES(ISSUER), cases[i].value, cases[i].len);
		assert_int_equal(read_packet(&k, &s, &e), cases[i].want);
	}
}

/* The same body behind each header that a packet can have. */
static void test_packet_headers(void **state)
{
	static const struct {
		const char *head;
		size_t      len;
		int         want;
	} cases[] = {
		{ BYTES("\210\50"), 0 },         { BYTES("\211\0\50"), 0 },        { BYTES("\212\0\0\0\50"), 0 },     { BYTES("\213"), -EBADMSG },
		{ BYTES("\302\50"), 0 },         { BYTES("\302\377\0\0\0\50"), 0 }, { BYTES("\302\345"), -EBADMSG },   { BYTES("\210\47"), -EBADMSG },
		{ BYTES("\210\51"), -EBADMSG },  { BYTES("\302\300\0"), -EBADMSG }, { BYTES("\302\377\0\0"), -EBADMSG }, { BYTES("\230\50"), -EBADMSG },
		{ BYTES("\50\50"), -EBADMSG },   { BYTES("\303\50"), -EBADMSG },   { BYTES("\302\377\377\377\377\377"), -EBADMSG },
	};
	struct openpgp_signature s;
	struct packet made, k;
	struct err e;

	(void) state;
	make(&made, RSA_SHA256, BYTES(CREATED), BYTES(ISSUER), BYTES("\0\140\200\0\0\0\0\0\0\0\0\0\0\0"));
	assert_int_equal(made.len, 3 + 40);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		k.len = 0;
		add(&k, cases[i].head, cases[i].len);
		add(&k, made.p + 3, made.len - 3);
		assert_int_equal(read_packet(&k, &s, &e), cases[i].want);
	}
}

static void test_packets_too_many_or_too_large(void **state)
{
	static char huge[OPENPGP_ARMOR_MAX + 2];
	static const char zeros[3900];
	struct openpgp_signature s;
	struct packet k, two;
	struct err e;

	(void) state;
	make(&k, RSA_SHA256, BYTES(CREATED), BYTES(ISSUER), BYTES(SMALL_NUMBER));
	two = k;
	add(&two, k.p, k.len);
	assert_int_equal(read_packet(&two, &s, &e), -EBADMSG);
	assert_says(e, "something follows");
	add(&k, "\0", 1);
	assert_int_equal(read_packet(&k, &s, &e), -EBADMSG);
	memset(huge, 'A', sizeof huge - 1);
	assert_int_equal(openpgp_read(view_of(huge), &s, &e), -EBADMSG);
	make(&k, RSA_SHA256, BYTES(CREATED), zeros, sizeof zeros, BYTES(SMALL_NUMBER));
	assert_int_equal(read_packet(&k, &s, &e), -EBADMSG); /* fields of length 0 */
	k.len = sizeof k.p;
	assert_int_equal(read_packet(&k, &s, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_gpg_makes), TEST(test_kinds_that_are_refused), TEST(test_armor_cut_anywhere), TEST(test_armor_damaged_anywhere),
		TEST(test_armor), TEST(test_versions_and_algorithms), TEST(test_fields), TEST(test_issuer_may_be_missing), TEST(test_numbers),
		TEST(test_packet_headers), TEST(test_packets_too_many_or_too_large),
	};

	return RUN("openpgp", tests);
}
