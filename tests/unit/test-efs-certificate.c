/* The certificate against one that was made by `openssl ca`, as efs-utils calls it, of the same key, names and times. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto.h"
#include "common/file.h"
#include "efs/certificate.h"
#include "tests/unit/test.h"

#define TOKEN "FwoGZXIvYXdzEXAMPLE+token/with=chars=="

enum { T2024_01_02_03_04_05 = 1704164645 };

static struct efs_key *load(const char *path)
{
	AUTO_BUF pem = { 0 };
	struct efs_key *key = NULL;
	struct err e;

	assert_int_equal(file_read(AT_FDCWD, path, 16384, &pem, &e), 0);
	assert_int_equal(efs_key_parse(buf_view(&pem), &key, &e), 0);
	return key;
}

static void assert_same(const struct efs_certificate_request *rq, const char *path)
{
	AUTO_EFS_KEY *key = load("tests/samples/efs/key.pem");
	AUTO_EFS_IDENTITY *i = NULL;
	AUTO_BUF got = { 0 }, want = { 0 };
	struct err e;

	assert_int_equal(file_read(AT_FDCWD, path, 16384, &want, &e), 0);
	assert_int_equal(efs_identity_new(key, rq, &i, &e), 0);
	assert_int_equal(efs_identity_der(i, &got), 0);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.p, want.p, want.len);
	assert_int_equal(i->expires, rq->now + 10800);
}

static void plain(void **state)
{
	struct efs_certificate_request rq = {
		.common_name = "ip-10-0-0-15.ec2.internal", .file_system = "fs-0123456789abcdef0", .region = "us-east-1",
		.source = "unknown", .version = "3.2.0", .serial = 0, .now = T2024_01_02_03_04_05,
	};

	(void) state;
	assert_same(&rq, "tests/samples/efs/plain.der");
}

static void signed_for(void **state)
{
	struct sigv4_key credentials = { "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", TOKEN };
	struct efs_certificate_request rq = {
		.common_name = "ip-10-0-0-15.ec2.internal", .file_system = "fs-0123456789abcdef0", .region = "us-east-1",
		.access_point = "fsap-0123456789abcdef0", .source = "ecs.ec2", .version = "3.2.0", .credentials = &credentials,
		.serial = 7, .now = T2024_01_02_03_04_05,
	};

	(void) state;
	assert_same(&rq, "tests/samples/efs/signed.der");
}

static void long_names(void **state)
{
	AUTO_EFS_KEY *key = load("tests/samples/efs/key.pem");
	char name[100] = "", token[4097];
	struct sigv4_key credentials = { "AKIAIOSFODNN7EXAMPLE", "secret", token };
	struct efs_certificate_request rq = {
		.common_name = name, .file_system = "fs-1", .region = "us-east-1", .source = "x", .version = "1",
		.credentials = &credentials, .serial = UINT32_MAX, .now = T2024_01_02_03_04_05,
	};
	AUTO_EFS_IDENTITY *i = NULL;
	AUTO_BUF der = { 0 };
	struct err e;

	(void) state;
	memset(name, 'n', sizeof name - 1);
	memset(token, 't', sizeof token - 1);
	token[sizeof token - 1] = '\0';
	assert_int_equal(efs_identity_new(key, &rq, &i, &e), 0);
	assert_int_equal(efs_identity_der(i, &der), 0);
	name[64] = '\0';
	assert_non_null(memmem(der.p, der.len, name, 64));
	name[64] = 'n';
	assert_null(memmem(der.p, der.len, name, 65));
}

static void refused_keys(void **state)
{
	static const char *const bad[] = { "", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
					   "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n" };
	struct efs_key *key = NULL;
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(efs_key_parse(view_of(bad[i]), &key, &e), -EBADMSG);
	assert_null(key);
}

/* Made where there is none and where there is an empty file; the second who asks gets the first one's. */
static void key_files(void **state)
{
	char dir[] = "/tmp/test-efs-certificate-XXXXXX";
	AUTO_EFS_KEY *first = NULL;
	AUTO_EFS_KEY *second = NULL;
	AUTO_BUF a = { 0 }, b = { 0 };
	AUTO_FD root = -1;
	struct err e;

	(void) state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(root_open(dir, &root, &e), 0);
	assert_int_equal(dir_make(root, "/etc/amazon/efs", 0755, &e), 0);
	assert_int_equal(file_replace(root, PATH_EFS_KEY, "", 0, 0644, &e), 0);
	assert_int_equal(efs_key_load(root, &first, &e), 0);
	assert_int_equal(file_read(root, PATH_EFS_KEY, 16384, &a, &e), 0);
	assert_int_equal(efs_key_load(root, &second, &e), 0);
	assert_int_equal(file_read(root, PATH_EFS_KEY, 16384, &b, &e), 0);
	assert_string_equal(a.p, b.p);
	assert_int_equal(file_remove(root, PATH_EFS_KEY, &e), 0);
	(void) unlinkat(root, "etc/amazon/efs", AT_REMOVEDIR);
	(void) unlinkat(root, "etc/amazon", AT_REMOVEDIR);
	(void) unlinkat(root, "etc", AT_REMOVEDIR);
	(void) rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(plain), TEST(signed_for), TEST(long_names), TEST(refused_keys), TEST(key_files) };

	return RUN("efs-certificate", tests);
}
