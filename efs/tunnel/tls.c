#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "efs/tunnel/outbox.h"
#include "efs/tunnel/tls.h"

enum { READ_AHEAD = 128 << 10 };

struct tls_context {
	SSL_CTX    *ctx;
	BIO_METHOD *sending; /* how records get into an outbox */
	bool        verify;
};

struct tls {
	SSL          *ssl;
	struct outbox out;
};

/* ---- what went wrong */

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text ? text : "OpenSSL does not say why";
}

static int no_memory(struct err *e)
{
	ERR_clear_error();
	return err_set(e, -ENOMEM, "set up TLS");
}

/* A clock that is wrong shows itself here, so it is told: by the hour, for a text that changes would be logged again and again. */
static int bad_peer(long verdict, struct err *e)
{
	char now[32] = "";
	time_t t = time(NULL);
	struct tm tm;

	ERR_clear_error();
	if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID) {
		if (gmtime_r(&t, &tm))
			(void) strftime(now, sizeof now, "%Y-%m-%d, %H h", &tm);
		return err_say(e, -EKEYREJECTED, "its %s, by the clock of this host (%s UTC)", X509_verify_cert_error_string(verdict), now);
	}
	if (verdict == X509_V_ERR_HOSTNAME_MISMATCH)
		return err_say(e, -EKEYREJECTED, "its certificate is for another name");
	return err_say(e, -EKEYREJECTED, "its certificate is not trusted: %s", X509_verify_cert_error_string(verdict));
}

/* OpenSSL numbers the alerts that it received from 1000 on; RFC 8446, 6.2: these are about a certificate, ours then. */
static bool is_about_us(int code)
{
	switch (code - SSL_AD_REASON_OFFSET) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
		return true;
	default:
		return false;
	}
}

static int bad_protocol(struct err *e)
{
	unsigned long code = ERR_peek_last_error();
	int r;

	switch (ERR_GET_REASON(code)) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		r = err_say(e, -EPROTO, "it does not speak TLS");
		break;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		r = err_say(e, -ECONNRESET, "it hung up without the end that TLS asks for");
		break;
	default:
		if (is_about_us(ERR_GET_REASON(code)))
			r = err_say(e, -EACCES, "it refuses our certificate (%s): IAM policy, access point, or the clock of this host", reason());
		else
			r = err_say(e, -EPROTO, "TLS: %s", reason());
	}
	ERR_clear_error();
	return r;
}

static int failed(const struct tls *t, int answer, struct err *e)
{
	int cause = errno, kind = SSL_get_error(t->ssl, answer);
	long verdict = SSL_get_verify_result(t->ssl);

	switch (kind) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_ENDED;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		return cause ? err_say(e, -cause, "%s", strerror(cause)) : err_say(e, -ECONNRESET, "it hung up");
	default:
		if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
			return bad_peer(verdict, e);
		return bad_protocol(e);
	}
}

/* ---- the context */

void tls_context_freep(struct tls_context **c)
{
	if (!*c)
		return;
	SSL_CTX_free((*c)->ctx);
	BIO_meth_free((*c)->sending);
	free(*c);
	*c = NULL;
}

/* ---- sending: OpenSSL writes each record by itself, we send what has gathered */

static int sending_write(BIO *b, const char *data, int len)
{
	int r = outbox_add(BIO_get_data(b), data, (size_t) len);

	BIO_clear_retry_flags(b);
	if (r == -EAGAIN)
		BIO_set_retry_write(b);
	errno = r < 0 ? -r : 0;
	return r < 0 ? -1 : len;
}

/* Handshakes end their flights with a flush. */
static long sending_ctrl(BIO *b, int command, long number, void *pointer)
{
	int r;

	(void) number;
	(void) pointer;
	if (command != BIO_CTRL_FLUSH)
		return 0;
	r = outbox_send(BIO_get_data(b));
	BIO_clear_retry_flags(b);
	if (r == -EAGAIN)
		BIO_set_retry_write(b);
	errno = r < 0 ? -r : 0;
	return r < 0 ? -1 : 1;
}

static BIO_METHOD *sending_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "outbox");

	if (m && BIO_meth_set_write(m, sending_write) == 1 && BIO_meth_set_ctrl(m, sending_ctrl) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* One that cannot be read, among many, is passed over, as libraries do that load such a file. */
static int trust(SSL_CTX *ctx, struct view pem, struct err *e)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *in = BIO_new_mem_buf(pem.p ? pem.p : "", (int) pem.len);
	X509 *x;
	int n = 0;

	if (!in)
		return no_memory(e);
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		n += X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	BIO_free(in);
	ERR_clear_error();
	return n > 0 ? 0 : err_say(e, -EBADMSG, "it holds no certificate in PEM");
}

static int context_fill(struct tls_context *c, struct view authorities, bool verify, struct err *e)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	c->sending = sending_method();
	c->verify = verify;
	if (!c->ctx || !c->sending || SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION) != 1)
		return no_memory(e);
	/* A resumed session would carry on who we were before the renewal; a renegotiation is nothing that we wait for. */
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(c->ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	/* Many records for one system call. */
	SSL_CTX_set_read_ahead(c->ctx, 1);
	SSL_CTX_set_default_read_buffer_len(c->ctx, READ_AHEAD);
	return verify ? trust(c->ctx, authorities, e) : 0;
}

int tls_context_new(struct view authorities, bool verify, struct tls_context **ret, struct err *e)
{
	AUTO_TLS_CONTEXT *c = calloc(1, sizeof *c);
	int r = c ? context_fill(c, authorities, verify, e) : no_memory(e);

	if (r == 0)
		*ret = TAKE_PTR(c);
	return r;
}

/* ---- a session */

void tls_freep(struct tls **t)
{
	if (!*t)
		return;
	SSL_free((*t)->ssl);
	outbox_done(&(*t)->out);
	free(*t);
	*t = NULL;
}

static bool expect(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static bool attach(struct tls *t, const struct tls_context *c, int fd)
{
	BIO *in = BIO_new_socket(fd, BIO_NOCLOSE), *out = BIO_new(c->sending);

	if (!in || !out) {
		BIO_free(in);
		BIO_free(out);
		return false;
	}
	t->out.fd = fd;
	BIO_set_data(out, &t->out);
	BIO_set_init(out, 1);
	SSL_set_bio(t->ssl, in, out);
	return true;
}

int tls_new(struct tls_context *c, const struct efs_identity *who, const char *host, int fd, struct tls **ret, struct err *e)
{
	AUTO_TLS *t = calloc(1, sizeof *t);

	if (!t || !(t->ssl = SSL_new(c->ctx)))
		return no_memory(e);
	if (!attach(t, c, fd) || SSL_set_tlsext_host_name(t->ssl, host) != 1 || (c->verify && !expect(t->ssl, host)) ||
	    SSL_use_certificate(t->ssl, who->certificate) != 1 || SSL_use_PrivateKey(t->ssl, who->key) != 1)
		return no_memory(e);
	SSL_set_connect_state(t->ssl);
	*ret = TAKE_PTR(t);
	return 0;
}

int tls_handshake(struct tls *t, struct err *e)
{
	int answer;

	errno = 0;
	answer = SSL_do_handshake(t->ssl);
	if (answer == 1)
		return 0;
	answer = failed(t, answer, e);
	return answer == TLS_ENDED ? err_say(e, -ECONNRESET, "it hung up") : answer;
}

int tls_read(struct tls *t, char *to, size_t size, size_t *ret_n, struct err *e)
{
	int answer;

	errno = 0;
	answer = SSL_read_ex(t->ssl, to, size, ret_n);
	return answer == 1 ? 0 : failed(t, answer, e);
}

int tls_write(struct tls *t, struct view data, size_t *ret_n, struct err *e)
{
	int answer;

	errno = 0;
	answer = SSL_write_ex(t->ssl, data.p, data.len, ret_n);
	return answer == 1 ? 0 : failed(t, answer, e);
}

/* SSL_shutdown answers 0 once our side is closed, 1 if the peer's was before. */
int tls_end(struct tls *t, struct err *e)
{
	int answer;

	errno = 0;
	answer = SSL_shutdown(t->ssl);
	return answer >= 0 ? 0 : failed(t, answer, e);
}

bool tls_unsent(const struct tls *t)
{
	return outbox_len(&t->out) > 0;
}

int tls_flush(struct tls *t, struct err *e)
{
	int r = outbox_send(&t->out);

	return r == -EAGAIN ? TLS_WANTS_WRITE : r < 0 ? err_say(e, r, "%s", strerror(-r)) : 0;
}

const char *tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}
