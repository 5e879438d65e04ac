/*
 * AWS's published vectors: its Signature Version 4 test suite (service "service", 2015-08-30), the worked example of
 * the IAM guide (ListUsers), and the examples of the S3 API reference (2013-05-24).
 */
#include <errno.h>

#include "common/sigv4.h"
#include "tests/unit/test.h"

#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define SESSION    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/" \
		   "qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+" \
		   "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
#define FORM "Content-Type: application/x-www-form-urlencoded"

struct vector {
	const char *name, *method, *path, *query, *headers[5], *body, *token, *signed_names, *signature;
};

static void check(struct sigv4_request rq, struct sigv4_key key, const struct vector *v)
{
	AUTO_BUF got = { 0 };
	char hash[SIGV4_HASH_SIZE], want[1024], day[9];
	struct err e;

	assert_int_equal(sigv4_hash(view_of(v->body ? v->body : ""), hash), 0);
	rq.method = v->method;
	rq.path = v->path;
	rq.query = v->query;
	rq.headers = v->headers;
	rq.payload_hash = hash;
	key.token = v->token;
	assert_int_equal(sigv4_sign(&rq, &key, &got, &e), 0);
	snprintf(day, sizeof day, "%.8s", rq.time);
	snprintf(want, sizeof want, "AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s", key.id, day,
		 rq.region, rq.service, v->signed_names, v->signature);
	if (strcmp(got.p, want) != 0)
		fail_msg("%s:\n     %s\nnot  %s", v->name, got.p, want);
}

static const struct vector suite[] = {
	{ "get-vanilla", "GET", "/", "", { NULL }, "", NULL, "host;x-amz-date",
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-empty-query-key", "GET", "/", "Param1=value1", { NULL }, "", NULL, "host;x-amz-date",
	  "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
	{ "get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", { NULL }, "", NULL, "host;x-amz-date",
	  "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "get-vanilla-query-order-value", "GET", "/", "Param1=value2&Param1=value1", { NULL }, "", NULL, "host;x-amz-date",
	  "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694" },
	{ "get-vanilla-query-unreserved", "GET", "/", UNRESERVED "=" UNRESERVED, { NULL }, "", NULL, "host;x-amz-date",
	  "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
	{ "get-vanilla-utf8-query", "GET", "/", "%E1%88%B4=bar", { NULL }, "", NULL, "host;x-amz-date",
	  "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
	{ "get-unreserved", "GET", "/" UNRESERVED, "", { NULL }, "", NULL, "host;x-amz-date",
	  "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
	{ "get-utf8", "GET", "/\341\210\264", "", { NULL }, "", NULL, "host;x-amz-date",
	  "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
	{ "get-space", "GET", "/example space/", "", { NULL }, "", NULL, "host;x-amz-date",
	  "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
	{ "get-header-key-duplicate", "GET", "/", "", { "My-Header1: value2", "My-Header1: value2", "My-Header1: value1" }, "", NULL,
	  "host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
	{ "get-header-value-order", "GET", "/", "",
	  { "My-Header1: value4", "My-Header1: value1", "My-Header1: value3", "My-Header1: value2" }, "", NULL,
	  "host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
	{ "get-header-value-trim", "GET", "/", "", { "My-Header2:  \"a   b   c\" ", "My-Header1: value1" }, "", NULL,
	  "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
	{ "post-vanilla", "POST", "/", "", { NULL }, "", NULL, "host;x-amz-date",
	  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-vanilla-query", "POST", "/", "Param1=value1", { NULL }, "", NULL, "host;x-amz-date",
	  "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
	{ "post-header-key-sort", "POST", "/", "", { "My-Header1: value1" }, "", NULL, "host;my-header1;x-amz-date",
	  "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
	{ "post-header-key-case", "POST", "/", "", { "mY-hEADER1: value1" }, "", NULL, "host;my-header1;x-amz-date",
	  "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
	{ "post-header-value-case", "POST", "/", "", { "My-Header1: VALUE1" }, "", NULL, "host;my-header1;x-amz-date",
	  "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
	{ "post-x-www-form-urlencoded", "POST", "/", "", { FORM }, "Param1=value1", NULL, "content-type;host;x-amz-date",
	  "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
	{ "post-x-www-form-urlencoded-parameters", "POST", "/", "", { FORM "; charset=utf8" }, "Param1=value1", NULL,
	  "content-type;host;x-amz-date", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe" },
	{ "post-sts-header-before", "POST", "/", "", { NULL }, "", SESSION, "host;x-amz-date;x-amz-security-token",
	  "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" },
	{ "get-vanilla-with-session-token", "GET", "/", "", { NULL }, "", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
	  "host;x-amz-date;x-amz-security-token", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
};

static void test_suite(void **state)
{
	const struct sigv4_request rq = {
		.host = "example.amazonaws.com", .time = "20150830T123600Z", .region = "us-east-1", .service = "service",
	};
	const struct sigv4_key key = { .id = "AKIDEXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(suite); i++)
		check(rq, key, &suite[i]);
}

static void test_iam_guide(void **state)
{
	static const struct vector v = { "ListUsers", "GET", "/", "Version=2010-05-08&Action=ListUsers", { FORM "; charset=utf-8" }, "",
					 NULL, "content-type;host;x-amz-date",
					 "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7" };
	const struct sigv4_request rq = {
		.host = "iam.amazonaws.com", .time = "20150830T123600Z", .region = "us-east-1", .service = "iam",
	};
	const struct sigv4_key key = { .id = "AKIDEXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

	(void) state;
	check(rq, key, &v);
}

#define EMPTY_HASH "X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct vector s3[] = {
	{ "get object", "GET", "/test.txt", "", { "Range: bytes=0-9", EMPTY_HASH }, "", NULL,
	  "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
	{ "put object, path encoded once", "PUT", "/test%24file.text", "",
	  { "Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class: REDUCED_REDUNDANCY",
	    "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" },
	  "Welcome to Amazon S3.", NULL, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
	{ "get bucket lifecycle, name without value", "GET", "/", "lifecycle", { EMPTY_HASH }, "", NULL,
	  "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
	{ "list objects", "GET", "/", "prefix=J&max-keys=2", { EMPTY_HASH }, "", NULL, "host;x-amz-content-sha256;x-amz-date",
	  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

static void test_s3(void **state)
{
	const struct sigv4_request rq = {
		.host = "examplebucket.s3.amazonaws.com", .time = "20130524T000000Z", .region = "us-east-1", .service = "s3",
	};
	const struct sigv4_key key = { .id = "AKIAIOSFODNN7EXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(s3); i++)
		check(rq, key, &s3[i]);
}

/* "get-space" again as it goes over the wire: S3 signs /example%20space/, all others /example%2520space/. */
static void test_path_is_encoded_twice_but_for_s3(void **state)
{
	const struct sigv4_key key = { .id = "AKIDEXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
	struct sigv4_request rq = { .method = "GET", .host = "h", .path = "/a b", .payload_hash = "x", .time = "20150830T123600Z",
				    .region = "us-east-1", .service = "ecs" };
	AUTO_BUF raw = { 0 }, wire = { 0 }, s3_raw = { 0 }, s3_wire = { 0 }, twice = { 0 };
	struct err e;

	(void) state;
	assert_int_equal(sigv4_sign(&rq, &key, &raw, &e), 0);
	rq.path = "/a%20b";
	assert_int_equal(sigv4_sign(&rq, &key, &wire, &e), 0);
	rq.service = "s3";
	assert_int_equal(sigv4_sign(&rq, &key, &s3_wire, &e), 0);
	rq.path = "/a%2520b";
	assert_int_equal(sigv4_sign(&rq, &key, &s3_raw, &e), 0);
	assert_string_not_equal(raw.p, wire.p);
	assert_string_not_equal(s3_raw.p, s3_wire.p);
	assert_int_equal(sigv4_encode(view_of("/a%20b"), true, &twice), 0);
	assert_string_equal(twice.p, "/a%2520b");
}

static void test_encode(void **state)
{
	AUTO_BUF path = { 0 }, name = { 0 };
	static const char bytes[] = "\0\377";

	(void) state;
	assert_int_equal(sigv4_encode(view_of("a b+c/d=e&f%~\303\244"), true, &path), 0);
	assert_string_equal(path.p, "a%20b%2Bc/d%3De%26f%25~%C3%A4");
	assert_int_equal(sigv4_encode((struct view) { bytes, 2 }, false, &name), 0);
	assert_int_equal(sigv4_encode(view_of("/"), false, &name), 0);
	assert_string_equal(name.p, "%00%FF%2F");
}

static void test_time(void **state)
{
	char text[SIGV4_TIME_SIZE];

	(void) state;
	sigv4_time(1440938160, text);
	assert_string_equal(text, "20150830T123600Z");
	sigv4_time(951782400, text);
	assert_string_equal(text, "20000229T000000Z");
}

static void test_limits(void **state)
{
	const char *headers[SIGV4_HEADERS_MAX + 1];
	struct sigv4_request rq = { .method = "GET", .host = "h", .path = "/p", .payload_hash = "x", .time = "20150830T123600Z",
				    .region = "r", .service = "s", .headers = headers };
	const struct sigv4_key key = { .id = "i", .secret = "s" };
	char query[2 * SIGV4_QUERY_MAX + 3], long_secret[600];
	AUTO_BUF b = { 0 };
	struct err e;

	(void) state;
	for (size_t i = 0; i < SIGV4_HEADERS_MAX; i++)
		headers[i] = "a: b";
	headers[SIGV4_HEADERS_MAX] = NULL;
	assert_int_equal(sigv4_sign(&rq, &key, &b, &e), -E2BIG);
	assert_says(e, "sign GET h/p: ");
	rq.headers = NULL;
	memset(query, '&', sizeof query);
	query[sizeof query - 1] = '\0';
	rq.query = query;
	assert_int_equal(sigv4_sign(&rq, &key, &b, &e), -E2BIG);
	rq.query = NULL;
	memset(long_secret, 'k', sizeof long_secret);
	long_secret[sizeof long_secret - 1] = '\0';
	assert_int_equal(sigv4_sign(&rq, &(struct sigv4_key) { .id = "i", .secret = long_secret }, &b, &e), -E2BIG);
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_suite), TEST(test_iam_guide), TEST(test_s3),   TEST(test_path_is_encoded_twice_but_for_s3),
		TEST(test_encode), TEST(test_time),     TEST(test_limits),
	};

	return RUN("sigv4", tests);
}
