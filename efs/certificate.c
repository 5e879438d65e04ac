#include <errno.h>
#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/file.h"
#include "efs/authorization.h"
#include "efs/certificate.h"

#define KEY_DIR "/etc/amazon/efs"

enum { KEY_FILE_MAX = 16384, SHA1_LEN = 20, COMMON_NAME_MAX = 64 };

struct efs_key {
	EVP_PKEY *pair;
};

/* The reason that OpenSSL gave last; what else it remembers is forgotten. */
static int openssl_failed(struct err *e, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return err_say(e, -EIO, "%s: %s", what, reason ? reason : "OpenSSL does not say why");
}

/* ---- the key */

void efs_key_freep(struct efs_key **k)
{
	if (!*k)
		return;
	EVP_PKEY_free((*k)->pair);
	free(*k);
	*k = NULL;
}

static int key_of(EVP_PKEY *pair, struct efs_key **ret, struct err *e)
{
	struct efs_key *k = calloc(1, sizeof *k);

	if (!k) {
		EVP_PKEY_free(pair);
		return err_set(e, -ENOMEM, "keep a private key");
	}
	k->pair = pair;
	*ret = k;
	return 0;
}

/* No passphrase: without this OpenSSL would ask for one on a terminal. */
static int no_passphrase(char *to, int size, int writing, void *ctx)
{
	(void) to;
	(void) size;
	(void) writing;
	(void) ctx;
	return -1;
}

int efs_key_parse(struct view pem, struct efs_key **ret, struct err *e)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int) pem.len);
	EVP_PKEY *pair = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;

	BIO_free(in);
	ERR_clear_error();
	if (!pair)
		return err_say(e, -EBADMSG, "it holds no private key in PEM");
	if (EVP_PKEY_get_base_id(pair) != EVP_PKEY_RSA || EVP_PKEY_get_bits(pair) < EFS_KEY_BITS_MIN) {
		EVP_PKEY_free(pair);
		return err_say(e, -EBADMSG, "its key is not RSA of %d bits or more", EFS_KEY_BITS_MIN);
	}
	return key_of(pair, ret, e);
}

/* FILE_ABSENT: no file, or an empty one. */
static int key_read(int root, struct efs_key **ret, struct err *e)
{
	AUTO_BUF pem = { 0 };
	int r = file_read(root, PATH_EFS_KEY, KEY_FILE_MAX, &pem, e);

	if (r != 0)
		return r;
	if (pem.len == 0)
		return FILE_ABSENT;
	if (efs_key_parse(buf_view(&pem), ret, e) < 0)
		return err_wrap(e, "read %s", PATH_EFS_KEY);
	return 0;
}

static int key_write(int root, const EVP_PKEY *pair, struct err *e)
{
	BIO *out = BIO_new(BIO_s_secmem());
	const char *pem = NULL;
	long len;
	int r;

	if (!out || PEM_write_bio_PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL) != 1 || (len = BIO_get_mem_data(out, &pem)) <= 0)
		r = openssl_failed(e, "write a private key");
	else
		r = file_replace(root, PATH_EFS_KEY, pem, (size_t) len, 0400, e);
	BIO_free(out); /* memory BIOs are wiped when they are freed */
	return r < 0 ? r : 0;
}

static int key_make(int root, struct efs_key **ret, struct err *e)
{
	EVP_PKEY *pair = EVP_RSA_gen(EFS_KEY_BITS);
	int r;

	if (!pair)
		return openssl_failed(e, "make an RSA key");
	r = key_write(root, pair, e);
	if (r < 0) {
		EVP_PKEY_free(pair);
		return r;
	}
	return key_of(pair, ret, e);
}

int efs_key_load(int root, struct efs_key **ret, struct err *e)
{
	AUTO_FD lock = -1;
	int r = key_read(root, ret, e);

	if (r != FILE_ABSENT)
		return r;
	r = dir_make(root, KEY_DIR, 0755, e);
	if (r < 0)
		return r;
	lock = file_open(root, KEY_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_set(e, lock < 0 ? lock : -errno, "lock %s", KEY_DIR);
	r = key_read(root, ret, e); /* by now another tunnel may have made it */
	return r == FILE_ABSENT ? key_make(root, ret, e) : r;
}

/* ---- the certificate */

void efs_identity_freep(struct efs_identity **i)
{
	if (!*i)
		return;
	X509_free((*i)->certificate);
	EVP_PKEY_free((*i)->key);
	free(*i);
	*i = NULL;
}

/* The bytes of a DER as the value of an extension that need not be understood. */
static int add_value(X509 *x, const char *oid, const struct buf *der)
{
	ASN1_OBJECT *name = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;
	int ok = 0;

	if (name && value && ASN1_OCTET_STRING_set(value, (const unsigned char *) der->p, (int) der->len) == 1)
		extension = X509_EXTENSION_create_by_OBJ(NULL, name, 0, value);
	if (extension)
		ok = X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(name);
	return ok == 1 ? 0 : -EIO;
}

/* SubjectKeyIdentifier, and its digits for the signature. SHA-1 as a name is allowed where FIPS rules. */
static int add_key_id(X509 *x, char ret_digits[2 * SHA1_LEN + 1])
{
	unsigned char hash[SHA1_LEN];
	unsigned int len = 0;
	ASN1_OCTET_STRING *id;
	int ok;

	if (X509_pubkey_digest(x, EVP_sha1(), hash, &len) != 1 || len != SHA1_LEN)
		return -EIO;
	hex_of(hash, SHA1_LEN, ret_digits);
	id = ASN1_OCTET_STRING_new();
	ok = id && ASN1_OCTET_STRING_set(id, hash, SHA1_LEN) == 1 && X509_add1_ext_i2d(x, NID_subject_key_identifier, id, 0, 0) == 1;
	ASN1_OCTET_STRING_free(id);
	return ok ? 0 : -EIO;
}

static int add_authorization(X509 *x, const struct efs_certificate_request *rq, const char *key_hash)
{
	AUTO_BUF der = { 0 };
	struct efs_authorization a = {
		.file_system = rq->file_system, .region = rq->region, .service = "elasticfilesystem",
		.public_key_hash = key_hash, .now = rq->now,
	};
	int r;

	if (!rq->credentials)
		return 0;
	a.key = *rq->credentials;
	r = efs_authorization_der(&a, &der);
	return r < 0 ? r : add_value(x, EFS_OID_AUTH, &der);
}

static int add_text(X509 *x, const char *oid, const char *text)
{
	AUTO_BUF der = { 0 };
	int r;

	if (!text || !text[0])
		return 0;
	r = efs_text_der(text, &der);
	return r < 0 ? r : add_value(x, oid, &der);
}

static int add_client(X509 *x, const struct efs_certificate_request *rq)
{
	AUTO_BUF der = { 0 };
	int r = efs_client_der(rq->source, rq->version, &der);

	return r < 0 ? r : add_value(x, EFS_OID_CLIENT, &der);
}

static int add_extensions(X509 *x, const struct efs_certificate_request *rq)
{
	char key_hash[2 * SHA1_LEN + 1];
	int r = add_key_id(x, key_hash);

	r = r < 0 ? r : add_text(x, EFS_OID_ACCESS_POINT, rq->access_point);
	r = r < 0 ? r : add_authorization(x, rq, key_hash);
	r = r < 0 ? r : add_text(x, EFS_OID_FILE_SYSTEM, rq->file_system);
	return r < 0 ? r : add_client(x, rq);
}

/* Subject and issuer are one entry, a UTF8String also where a PrintableString would do. */
static bool set_names(X509 *x, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, (const unsigned char *) common_name,
					  (int) strnlen(common_name, COMMON_NAME_MAX), -1, 0) == 1 &&
	       X509_set_issuer_name(x, name) == 1;
}

static bool set_times(X509 *x, time_t now)
{
	time_t from = now - EFS_CERTIFICATE_EARLY_S, until = now + EFS_CERTIFICATE_VALID_S;

	return X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &from) && X509_time_adj_ex(X509_getm_notAfter(x), 0, 0, &until);
}

static bool set_fields(X509 *x, const struct efs_certificate_request *rq, EVP_PKEY *key)
{
	return X509_set_version(x, 2) == 1 && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), rq->serial) == 1 &&
	       set_names(x, rq->common_name) && set_times(x, rq->now) && X509_set_pubkey(x, key) == 1;
}

static int fill(struct efs_identity *i, const struct efs_key *key, const struct efs_certificate_request *rq, struct err *e)
{
	int r;

	i->certificate = X509_new();
	if (!i->certificate || EVP_PKEY_up_ref(key->pair) != 1)
		return openssl_failed(e, "make a certificate");
	i->key = key->pair;
	i->serial = rq->serial;
	i->expires = rq->now + EFS_CERTIFICATE_VALID_S;
	if (!set_fields(i->certificate, rq, i->key))
		return openssl_failed(e, "make a certificate");
	r = add_extensions(i->certificate, rq);
	if (r == -EIO)
		return openssl_failed(e, "make a certificate");
	if (r < 0)
		return err_set(e, r, "make a certificate");
	return X509_sign(i->certificate, i->key, EVP_sha256()) != 0 ? 0 : openssl_failed(e, "sign a certificate");
}

int efs_identity_new(const struct efs_key *key, const struct efs_certificate_request *rq, struct efs_identity **ret, struct err *e)
{
	AUTO_EFS_IDENTITY *i = calloc(1, sizeof *i);
	int r = i ? fill(i, key, rq, e) : err_set(e, -ENOMEM, "make a certificate");

	if (r == 0)
		*ret = TAKE_PTR(i);
	return r;
}

int efs_identity_der(const struct efs_identity *i, struct buf *der)
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(i->certificate, &bytes), r;

	if (len <= 0)
		return -ENOMEM;
	r = buf_add(der, bytes, (size_t) len);
	OPENSSL_free(bytes);
	return r;
}
