/* What EFS looks at in a client's certificate: validity, file system, access point, and the signature over its key. */
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "front.h"

#define ARC "1.3.6.1.4.1.4843.7."

enum { SIGNATURE_AGE = 900 };

struct der {
	const unsigned char *p;
	long                 len;
};

static bool refuse(struct visitor *v, int error, const char *why)
{
	snprintf(v->refused, sizeof v->refused, "%s", why);
	v->verify_error = error;
	return false;
}

/* The value of the extension ARC + last; len 0: it is not there. Critical ones are none of ours. */
static struct der extension(X509 *x, const char *last)
{
	char oid[64];
	ASN1_OBJECT *name;
	int at;
	X509_EXTENSION *found;

	snprintf(oid, sizeof oid, ARC "%s", last);
	name = OBJ_txt2obj(oid, 1);
	at = X509_get_ext_by_OBJ(x, name, -1);
	ASN1_OBJECT_free(name);
	found = at < 0 ? NULL : X509_get_ext(x, at);
	if (!found || X509_EXTENSION_get_critical(found))
		return (struct der) { NULL, 0 };
	return (struct der) { ASN1_STRING_get0_data(X509_EXTENSION_get_data(found)), ASN1_STRING_length(X509_EXTENSION_get_data(found)) };
}

/* Takes one element of this tag and class off *d. */
static bool take(struct der *d, int tag, int class, struct der *ret)
{
	const unsigned char *p = d->p;
	long len;
	int got_tag, got_class;

	if (d->len <= 0 || (ASN1_get_object(&p, &len, &got_tag, &got_class, d->len) & 0x80) || got_tag != tag || got_class != class)
		return false;
	*ret = (struct der) { p, len };
	d->len -= p + len - d->p;
	d->p = p + len;
	return true;
}

static bool text_of(struct der d, char *to, size_t size)
{
	if (d.len < 0 || (size_t) d.len >= size)
		return false;
	memcpy(to, d.p, (size_t) d.len);
	to[d.len] = '\0';
	return true;
}

static bool take_text(struct der *d, char *to, size_t size)
{
	struct der inside;

	return take(d, V_ASN1_UTF8STRING, V_ASN1_UNIVERSAL, &inside) && text_of(inside, to, size);
}

/* ---- the signature */

struct claim {
	char key_id[128], signature[80], when[32], token[4096];
};

static bool read_claim(struct der d, struct claim *c)
{
	struct der all, part, token;

	memset(c, 0, sizeof *c);
	if (!take(&d, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &all) || d.len != 0 || !take_text(&all, c->key_id, sizeof c->key_id) ||
	    !take(&all, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL, &part) || !text_of(part, c->signature, sizeof c->signature) ||
	    !take(&all, V_ASN1_UTCTIME, V_ASN1_UNIVERSAL, &part) || !text_of(part, c->when, sizeof c->when))
		return false;
	if (all.len == 0)
		return true;
	return take(&all, 0, V_ASN1_CONTEXT_SPECIFIC, &token) && take_text(&token, c->token, sizeof c->token) && all.len == 0;
}

static void hex(const unsigned char *p, size_t n, char *to)
{
	while (n-- > 0)
		to += sprintf(to, "%02x", *p++);
}

static void encode(const char *text, char *to)
{
	for (; *text; text++)
		to += strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", *text)
			      ? sprintf(to, "%c", *text)
			      : sprintf(to, "%%%02X", (unsigned char) *text);
}

static void mac(unsigned char key[32], unsigned key_len, const char *text, unsigned char ret[32])
{
	unsigned len;

	HMAC(EVP_sha256(), key, (int) key_len, (const unsigned char *) text, strlen(text), ret, &len);
}

static void sign(const char *secret, const char *date, const char *region, const char *text, char ret[65])
{
	unsigned char first[256], key[32];
	int n = snprintf((char *) first, sizeof first, "AWS4%s", secret);

	mac(first, (unsigned) n, date, key);
	mac(key, 32, region, key);
	mac(key, 32, "elasticfilesystem", key);
	mac(key, 32, "aws4_request", key);
	mac(key, 32, text, key);
	hex(key, 32, ret);
}

static void expected(const struct front *f, const struct claim *c, const char *fs, const char *secret, X509 *x, char ret[65])
{
	static char token[3 * 4096], text[5 * 4096], credential[512], scope[256];
	char day[9], time[17], hash[41], digest[65];
	unsigned char bytes[32];
	unsigned len;

	snprintf(day, sizeof day, "20%.6s", c->when);
	snprintf(time, sizeof time, "%sT%.6sZ", day, c->when + 6);
	snprintf(scope, sizeof scope, "%s/%s/elasticfilesystem/aws4_request", day, f->region);
	snprintf(text, sizeof text, "%s/%s", c->key_id, scope);
	encode(text, credential);
	token[0] = '\0';
	encode(c->token, token);
	X509_pubkey_digest(x, EVP_sha1(), bytes, &len);
	hex(bytes, len, hash);
	snprintf(text, sizeof text,
		 "GET\n/\nAction=Connect&PublicKeyHash=%s&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s&X-Amz-Date=%s"
		 "&X-Amz-Expires=86400%s%s&X-Amz-SignedHeaders=host\nhost:%s\nhost\n"
		 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		 hash, credential, time, token[0] ? "&X-Amz-Security-Token=" : "", token, fs);
	EVP_Digest(text, strlen(text), bytes, &len, EVP_sha256(), NULL);
	hex(bytes, 32, digest);
	snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", time, scope, digest);
	sign(secret, day, f->region, text, ret);
}

static bool find_secret(const struct front *f, const struct claim *c, char secret[128], char token[4096])
{
	char line[8192], id[128];
	FILE *in = fopen(f->table, "re");
	bool found = false;

	while (in && !found && fgets(line, sizeof line, in)) {
		token[0] = '\0';
		found = sscanf(line, "%127s %127s %4095s", id, secret, token) >= 2 && strcmp(id, c->key_id) == 0;
	}
	if (in)
		fclose(in);
	return found;
}

static bool is_recent(const struct front *f, const char *when)
{
	struct tm tm = { 0 };
	time_t now = time(NULL) + f->skew;

	return strptime(when, "%y%m%d%H%M%SZ", &tm) && labs((long) (timegm(&tm) - now)) <= SIGNATURE_AGE;
}

static bool check_signature(const struct front *f, X509 *x, struct visitor *v)
{
	static char secret[128], token[4096];
	struct der d = extension(x, "2");
	struct claim c;
	char want[65];

	if (!f->table)
		return true;
	if (d.len == 0)
		return refuse(v, X509_V_ERR_CERT_REJECTED, "not signed");
	if (!read_claim(d, &c))
		return refuse(v, X509_V_ERR_CERT_REJECTED, "authorization is malformed");
	snprintf(v->key_id, sizeof v->key_id, "%s", c.key_id);
	if (!find_secret(f, &c, secret, token) || strcmp(token, c.token) != 0)
		return refuse(v, X509_V_ERR_CERT_REJECTED, "unknown credentials");
	if (!is_recent(f, c.when))
		return refuse(v, X509_V_ERR_CERT_REJECTED, "signed at another time");
	expected(f, &c, v->file_system, secret, x, want);
	return strcmp(want, c.signature) == 0 || refuse(v, X509_V_ERR_CERT_REJECTED, "wrong signature");
}

/* ---- the rest */

static bool check_names(const struct front *f, X509 *x, struct visitor *v)
{
	struct der fs = extension(x, "3"), ap = extension(x, "1"), client = extension(x, "4"), inside;

	if (!take_text(&fs, v->file_system, sizeof v->file_system) || fs.len != 0)
		return refuse(v, X509_V_ERR_CERT_REJECTED, "names no file system");
	if (f->file_system && strcmp(f->file_system, v->file_system) != 0)
		return refuse(v, X509_V_ERR_CERT_REJECTED, "names another file system");
	if (ap.len > 0 && (!take_text(&ap, v->access_point, sizeof v->access_point) || !f->access_point || strcmp(f->access_point, v->access_point) != 0))
		return refuse(v, X509_V_ERR_CERT_REJECTED, "names an unknown access point");
	if (!take(&client, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &inside) || !take_text(&inside, v->source, sizeof v->source) ||
	    !take_text(&inside, v->version, sizeof v->version))
		return refuse(v, X509_V_ERR_CERT_REJECTED, "does not say who it is");
	return true;
}

bool check_visitor(const struct front *f, X509 *x, struct visitor *v)
{
	time_t now = time(NULL) + f->skew;

	memset(v, 0, sizeof *v);
	if (f->any)
		return true;
	v->serial = ASN1_INTEGER_get(X509_get0_serialNumber(x));
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, v->common_name, sizeof v->common_name);
	if (X509_cmp_time(X509_get0_notAfter(x), &now) < 0)
		return refuse(v, X509_V_ERR_CERT_HAS_EXPIRED, "expired");
	if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0)
		return refuse(v, X509_V_ERR_CERT_NOT_YET_VALID, "not yet valid");
	if (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) != 0 || !v->common_name[0])
		return refuse(v, X509_V_ERR_CERT_REJECTED, "not self-signed");
	if (X509_verify(x, X509_get0_pubkey(x)) != 1)
		return refuse(v, X509_V_ERR_CERT_REJECTED, "not signed by its own key");
	return check_names(f, x, v) && check_signature(f, x, v);
}
