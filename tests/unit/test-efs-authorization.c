#include "common/crypto.h"
#include "efs/authorization.h"
#include "tests/unit/test.h"

#define TOKEN "FwoGZXIvYXdzEXAMPLE+token/with=chars=="

enum { T2024_01_02_03_04_05 = 1704164645 };

static struct efs_authorization example(const char *token)
{
	return (struct efs_authorization) {
		.file_system = "fs-0123456789abcdef0", .region = "us-east-1", .service = "elasticfilesystem",
		.public_key_hash = "0123456789abcdef0123456789abcdef01234567", .now = T2024_01_02_03_04_05,
		.key = { .id = "AKIAIOSFODNN7EXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", .token = token },
	};
}

static void assert_der(const struct buf *der, const char *digits)
{
	char got[4096];

	assert_true(2 * der->len < sizeof got);
	hex_of((const unsigned char *) der->p, der->len, got);
	assert_string_equal(got, digits);
}

/* Recorded of amazon-efs-utils 3.2. */
static void signatures(void **state)
{
	struct efs_authorization with = example(TOKEN), without = example(NULL), s3 = example(TOKEN);
	char got[SIGV4_HASH_SIZE];

	(void) state;
	assert_int_equal(efs_authorization_sign(&with, got), 0);
	assert_string_equal(got, "6b6a6b5d15df3d908850be54486db8175bcd40c3c1d5e5f6fbd36f0a109ae5fa");
	assert_int_equal(efs_authorization_sign(&without, got), 0);
	assert_string_equal(got, "dbfe7d004cc74c88b99b57e7ed420fddee413e6ce1ea453063ba2aebe922c1bf");
	s3.service = "s3files";
	assert_int_equal(efs_authorization_sign(&s3, got), 0);
	assert_string_equal(got, "febf5ec516387b58bda778d7095dea559cd8f6325b7f8566454326871ba3039f");
}

static void authorizations(void **state)
{
	struct efs_authorization with = example(TOKEN), without = example(NULL);
	AUTO_BUF a = { 0 };
	AUTO_BUF b = { 0 };

	(void) state;
	assert_int_equal(efs_authorization_der(&with, &a), 0);
	assert_der(&a, "3081910c14414b4941494f53464f444e4e374558414d504c45044036623661366235643135646633643930383835306265353434383664"
		       "623831373562636434306333633164356535663666626433366630613130396165356661170d3234303130323033303430355aa0280c"
		       "2646776f475a5849765958647a4558414d504c452b746f6b656e2f776974683d63686172733d3d");
	assert_int_equal(efs_authorization_der(&without, &b), 0);
	assert_der(&b, "30670c14414b4941494f53464f444e4e374558414d504c45044064626665376430303463633734633838623939623537653765643432306664"
		       "646565343133653663653165613435333036336261326165626539323263316266170d3234303130323033303430355a");
}

static void names(void **state)
{
	AUTO_BUF point = { 0 };
	AUTO_BUF system = { 0 };
	AUTO_BUF client = { 0 };

	(void) state;
	assert_int_equal(efs_text_der("fsap-0123456789abcdef0", &point), 0);
	assert_der(&point, "0c16667361702d3031323334353637383961626364656630");
	assert_int_equal(efs_text_der("fs-0123456789abcdef0", &system), 0);
	assert_der(&system, "0c1466732d3031323334353637383961626364656630");
	assert_int_equal(efs_client_der("unknown", "3.2.0", &client), 0);
	assert_der(&client, "30100c07756e6b6e6f776e0c05332e322e30");
}

/* Session tokens are often over 1000 bytes: lengths of one, two and three bytes. */
static void long_tokens(void **state)
{
	static const size_t lengths[] = { 1, 127, 128, 255, 256, 1500, 65535 };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		size_t n = lengths[i], head = n < 128 ? 2 : n < 256 ? 3 : 4;
		char *text = calloc(1, n + 1);
		AUTO_BUF der = { 0 };

		memset(text, 'x', n);
		assert_int_equal(efs_text_der(text, &der), 0);
		assert_int_equal(der.len, head + n);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(signatures), TEST(authorizations), TEST(names), TEST(long_tokens) };

	return RUN("efs-authorization", tests);
}
