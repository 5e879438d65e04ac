#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "efs/authorization.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define NOTHING_HASHED "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ASN.1 tags */
enum { OCTET_STRING = 0x04, UTF8_STRING = 0x0c, UTC_TIME = 0x17, SEQUENCE = 0x30, EXPLICIT_0 = 0xa0 };

/* ---- the signature: a presigned GET to the file system, by its id, that nobody ever sends */

static int add_encoded(struct buf *b, const char *text)
{
	return sigv4_encode(view_of(text), false, b);
}

static int canonical_query(const struct efs_authorization *a, const char *time, const char *scope, struct buf *b)
{
	int r = buf_printf(b, "Action=Connect&PublicKeyHash=%s&X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=", a->public_key_hash);

	r = r ? r : add_encoded(b, a->key.id);
	r = r ? r : add_encoded(b, "/");
	r = r ? r : add_encoded(b, scope);
	r = r ? r : buf_printf(b, "&X-Amz-Date=%s&X-Amz-Expires=86400", time);
	if (a->key.token) {
		r = r ? r : buf_printf(b, "&X-Amz-Security-Token=");
		r = r ? r : add_encoded(b, a->key.token);
	}
	return r ? r : buf_printf(b, "&X-Amz-SignedHeaders=host");
}

/* Unlike everywhere else, no empty line stands between the headers and the list of their names. */
static int canonical_request(const struct efs_authorization *a, const char *time, const char *scope, struct buf *b)
{
	int r = buf_printf(b, "GET\n/\n");

	r = r ? r : canonical_query(a, time, scope, b);
	return r ? r : buf_printf(b, "\nhost:%s\nhost\n" NOTHING_HASHED, a->file_system);
}

int efs_authorization_sign(const struct efs_authorization *a, char ret[SIGV4_HASH_SIZE])
{
	AUTO_BUF canonical = { 0 }, to_sign = { 0 };
	char time[SIGV4_TIME_SIZE], scope[256], hash[SIGV4_HASH_SIZE];
	int r;

	sigv4_time(a->now, time);
	snprintf(scope, sizeof scope, "%.8s/%s/%s/aws4_request", time, a->region, a->service);
	r = canonical_request(a, time, scope, &canonical);
	r = r ? r : sigv4_hash(buf_view(&canonical), hash);
	r = r ? r : buf_printf(&to_sign, ALGORITHM "\n%s\n%s\n%s", time, scope, hash);
	return r ? r : sigv4_signature(a->key.secret, time, a->region, a->service, to_sign.p, ret);
}

/* ---- DER */

/* Tag and length, then the bytes. Lengths up to 65535 are all that a session token needs. */
static int add_tlv(struct buf *b, unsigned char tag, struct view value)
{
	unsigned char head[4] = { tag };
	size_t n = 2;
	int r;

	if (value.len < 0x80) {
		head[1] = (unsigned char) value.len;
	} else if (value.len < 0x100) {
		head[1] = 0x81;
		head[2] = (unsigned char) value.len;
		n = 3;
	} else if (value.len < 0x10000) {
		head[1] = 0x82;
		head[2] = (unsigned char) (value.len >> 8);
		head[3] = (unsigned char) value.len;
		n = 4;
	} else {
		return -EMSGSIZE;
	}
	r = buf_add(b, head, n);
	return r ? r : buf_add(b, value.p, value.len);
}

int efs_text_der(const char *text, struct buf *der)
{
	return add_tlv(der, UTF8_STRING, view_of(text));
}

int efs_client_der(const char *source, const char *version, struct buf *der)
{
	AUTO_BUF inside = { 0 };
	int r = efs_text_der(source, &inside);

	r = r ? r : efs_text_der(version, &inside);
	return r ? r : add_tlv(der, SEQUENCE, buf_view(&inside));
}

static int add_token(const char *token, struct buf *b)
{
	AUTO_BUF inside = { 0 };
	int r = efs_text_der(token, &inside);

	return r ? r : add_tlv(b, EXPLICIT_0, buf_view(&inside));
}

int efs_authorization_der(const struct efs_authorization *a, struct buf *der)
{
	AUTO_BUF inside = { 0 };
	char signature[SIGV4_HASH_SIZE], time[SIGV4_TIME_SIZE], when[16];
	int r = efs_authorization_sign(a, signature);

	sigv4_time(a->now, time); /* YYYYMMDDTHHMMSSZ, here without the century and the T */
	snprintf(when, sizeof when, "%.6s%.6sZ", time + 2, time + 9);
	r = r ? r : efs_text_der(a->key.id, &inside);
	r = r ? r : add_tlv(&inside, OCTET_STRING, view_of(signature)); /* its digits, not the bytes they mean */
	r = r ? r : add_tlv(&inside, UTC_TIME, view_of(when));
	if (a->key.token)
		r = r ? r : add_token(a->key.token, &inside);
	return r ? r : add_tlv(der, SEQUENCE, buf_view(&inside));
}
