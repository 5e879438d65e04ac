/*
 * efs-front: listens like an EFS mount target: TLS if the first byte is 0x16, else plain. It looks at the client's
 * certificate as EFS does (check.c) and passes the bytes on. Prints "port N", then a line for each connection.
 *
 *   front --cert PEM --key PEM [--listen ADDRESS] [--backend ADDRESS:PORT] [--mood FILE] …
 *
 * --route ACCESS-POINT=ADDRESS:PORT leads those who name that access point elsewhere, as EFS has them in a root of their own.
 * Without --backend it is one itself: a line "up N" asks it to swallow N bytes and answer "done\n", "down N" for N bytes,
 * "echo" for everything back. A word in the file of --mood, read for each connection, spoils it: "garbage", "hangup",
 * "reset" (at the first byte), "silent" (reads and never answers), "mute" (not even a handshake).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front.h"

enum { PIECE = 256 << 10 };

static struct front front = { .region = "us-east-1" };
static const char *cert, *key, *listen_at = "127.0.0.1", *backend, *route, *mood_file;
static SSL_CTX *ctx;
static int visitor_index;
static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;

struct visit {
	int  fd;
	SSL *ssl; /* NULL: plain */
	char mood[32];
	struct visitor who;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Everything that certificates are usually checked for is replaced by ours: they are self-signed. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct visit *v = SSL_get_ex_data(ssl, visitor_index);
	bool ok;

	(void) arg;
	pthread_mutex_lock(&check_lock);
	ok = check_visitor(&front, X509_STORE_CTX_get0_cert(store), &v->who);
	pthread_mutex_unlock(&check_lock);
	X509_STORE_CTX_set_error(store, ok ? X509_V_OK : v->who.verify_error);
	return ok;
}

static void tell(const struct visit *v, const char *what)
{
	const char *sni = v->ssl ? SSL_get_servername(v->ssl, TLSEXT_NAMETYPE_host_name) : NULL;

	flockfile(stdout);
	printf("%s serial=%ld cn=%s fs=%s ap=%s key=%s source=%s version=%s sni=%s tls=%s", what, v->who.serial, v->who.common_name,
	       v->who.file_system, v->who.access_point, v->who.key_id, v->who.source, v->who.version, sni ? sni : "", v->ssl ? SSL_get_version(v->ssl) : "");
	printf(v->who.refused[0] ? " refused=%s\n" : "\n", v->who.refused);
	fflush(stdout);
	funlockfile(stdout);
}

static long get(struct visit *v, char *to, size_t n)
{
	return v->ssl ? SSL_read(v->ssl, to, (int) n) : recv(v->fd, to, n, 0);
}

static bool put(struct visit *v, const char *p, size_t n)
{
	while (n > 0) {
		long sent = v->ssl ? SSL_write(v->ssl, p, (int) n) : send(v->fd, p, n, 0);

		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t) sent;
	}
	return true;
}

/* ---- being the backend */

static bool be_asked(struct visit *v, const char *line, char *piece)
{
	long long n = 0;

	if (strcmp(line, "echo") == 0) {
		long got;

		while ((got = get(v, piece, PIECE)) > 0)
			if (!put(v, piece, (size_t) got))
				return false;
		return false;
	}
	if (sscanf(line, "down %lld", &n) == 1) {
		memset(piece, 'x', PIECE);
		for (; n > 0; n -= PIECE)
			if (!put(v, piece, n < PIECE ? (size_t) n : PIECE))
				return false;
		return true;
	}
	if (sscanf(line, "up %lld", &n) == 1) {
		while (n > 0) {
			long got = get(v, piece, n < PIECE ? (size_t) n : PIECE);

			if (got <= 0)
				return false;
			n -= got;
		}
		return put(v, "done\n", 5);
	}
	return false;
}

static void be_backend(struct visit *v)
{
	char *piece = malloc(PIECE), line[64];
	size_t n = 0;

	while (piece && n < sizeof line - 1 && get(v, line + n, 1) == 1) {
		if (line[n++] != '\n')
			continue;
		line[n - 1] = '\0';
		n = 0;
		if (!be_asked(v, line, piece))
			break;
	}
	free(piece);
}

/* ---- passing on */

/* ACCESS-POINT=ADDRESS:PORT for that access point, --backend for all others. */
static const char *backend_of(const struct visitor *who)
{
	size_t n = strlen(who->access_point);

	return route && n > 0 && strncmp(route, who->access_point, n) == 0 && route[n] == '=' ? route + n + 1 : backend;
}

static int dial(const char *to)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char host[64];
	int port = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (sscanf(to, "%63[^:]:%d", host, &port) != 2 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die("--backend");
	a.sin_port = htons((uint16_t) port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return connect(fd, (struct sockaddr *) &a, sizeof a) < 0 ? (close(fd), -1) : fd;
}

struct half {
	struct visit *v;
	int fd;
};

static void *backend_to_visitor(void *arg)
{
	struct half *h = arg;
	char *piece = malloc(PIECE);
	ssize_t n;

	while ((n = recv(h->fd, piece, PIECE, 0)) > 0)
		if (!put(h->v, piece, (size_t) n))
			break;
	if (h->v->ssl)
		SSL_shutdown(h->v->ssl);
	else
		shutdown(h->v->fd, SHUT_WR);
	free(piece);
	return NULL;
}

/* OpenSSL lets no two threads use one session: plain visitors have both directions at once, others take turns by poll. */
static void pass_tls(struct visit *v, int fd)
{
	char *piece = malloc(PIECE);
	bool visitor_open = true, backend_open = true;

	while (visitor_open || backend_open) {
		struct pollfd p[2] = { { .fd = visitor_open ? v->fd : -1, .events = POLLIN }, { .fd = backend_open ? fd : -1, .events = POLLIN } };

		if (!SSL_has_pending(v->ssl) && poll(p, 2, -1) < 0)
			break;
		if (visitor_open && (SSL_has_pending(v->ssl) || p[0].revents)) {
			int n = SSL_read(v->ssl, piece, PIECE);

			if (n > 0 && send(fd, piece, (size_t) n, MSG_NOSIGNAL) != n)
				break;
			if (n <= 0) {
				visitor_open = false;
				shutdown(fd, SHUT_WR);
				if (SSL_get_error(v->ssl, n) != SSL_ERROR_ZERO_RETURN)
					break;
			}
		}
		if (p[1].revents) {
			ssize_t n = recv(fd, piece, PIECE, 0);

			if (n > 0 && !put(v, piece, (size_t) n))
				break;
			if (n <= 0) {
				backend_open = false;
				SSL_shutdown(v->ssl);
			}
		}
	}
	free(piece);
}

static void pass_on(struct visit *v)
{
	int fd = dial(backend_of(&v->who));
	struct half h = { v, fd };
	char *piece;
	pthread_t thread;
	ssize_t n;

	if (fd < 0)
		return;
	if (v->ssl) {
		pass_tls(v, fd);
		close(fd);
		return;
	}
	piece = malloc(PIECE);
	pthread_create(&thread, NULL, backend_to_visitor, &h);
	while ((n = recv(v->fd, piece, PIECE, 0)) > 0 && send(fd, piece, (size_t) n, MSG_NOSIGNAL) == n)
		;
	shutdown(fd, SHUT_WR);
	pthread_join(thread, NULL);
	free(piece);
	close(fd);
}

/* ---- visits */

static void read_mood(char to[32])
{
	FILE *in = mood_file ? fopen(mood_file, "re") : NULL;

	to[0] = '\0';
	if (in) {
		if (fscanf(in, "%31s", to) != 1)
			to[0] = '\0';
		fclose(in);
	}
}

static void hang_up_hard(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static bool open_tls(struct visit *v)
{
	bool ok;

	v->ssl = SSL_new(ctx);
	SSL_set_fd(v->ssl, v->fd);
	SSL_set_ex_data(v->ssl, visitor_index, v);
	ok = SSL_accept(v->ssl) == 1;
	if (!ok)
		tell(v, v->who.refused[0] ? "refused" : "failed");
	return ok;
}

static void receive(struct visit *v)
{
	unsigned char first;
	char piece[4096];

	if (strcmp(v->mood, "garbage") == 0) {
		send(v->fd, "\200\0\0\34 what are you talking about? ", 32, 0);
		return;
	}
	if (strcmp(v->mood, "hangup") == 0)
		return;
	if (strcmp(v->mood, "mute") == 0) {
		pause();
		return;
	}
	if (recv(v->fd, &first, 1, MSG_PEEK) != 1)
		return;
	if (first == 0x16 && !open_tls(v))
		return;
	tell(v, first == 0x16 ? "visitor" : "plain");
	if (strcmp(v->mood, "silent") == 0) {
		while (get(v, piece, sizeof piece) > 0)
			;
		return;
	}
	if (strcmp(v->mood, "reset") == 0) {
		(void) get(v, piece, 1);
		hang_up_hard(v->fd);
		return;
	}
	if (backend)
		pass_on(v);
	else
		be_backend(v);
}

static void *visit_main(void *arg)
{
	struct visit *v = arg;

	receive(v);
	if (v->ssl && !(SSL_get_shutdown(v->ssl) & SSL_SENT_SHUTDOWN) && strcmp(v->mood, "reset") != 0)
		SSL_shutdown(v->ssl);
	SSL_free(v->ssl);
	close(v->fd);
	free(v);
	return NULL;
}

static void make_context(int max_version)
{
	ctx = SSL_CTX_new(TLS_server_method());
	visitor_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(1);
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
	/* A session that is taken up again would show no certificate. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	if (max_version)
		SSL_CTX_set_max_proto_version(ctx, max_version);
	SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
}

static int start_listening(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	char host[64];
	int port = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (sscanf(listen_at, "%63[^:]:%d", host, &port) < 1 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die("--listen");
	a.sin_port = htons((uint16_t) port);
	if (bind(fd, (struct sockaddr *) &a, sizeof a) < 0 || listen(fd, 128) < 0 || getsockname(fd, (struct sockaddr *) &a, &len) < 0)
		die("listen");
	printf("port %u\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

static void options(int argc, char **argv, int *ret_max_version)
{
	static const struct option known[] = {
		{ "cert", 1, NULL, 'c' }, { "key", 1, NULL, 'k' }, { "listen", 1, NULL, 'l' }, { "backend", 1, NULL, 'b' },
		{ "mood", 1, NULL, 'm' }, { "file-system", 1, NULL, 'f' }, { "access-point", 1, NULL, 'a' }, { "table", 1, NULL, 't' },
		{ "region", 1, NULL, 'r' }, { "skew", 1, NULL, 's' }, { "tls1.2", 0, NULL, '2' }, { "any", 0, NULL, 'A' }, { "route", 1, NULL, 'R' }, { 0 },
	};
	const char **to[256] = { ['c'] = &cert, ['k'] = &key, ['l'] = &listen_at, ['b'] = &backend, ['m'] = &mood_file,
				 ['f'] = &front.file_system, ['a'] = &front.access_point, ['t'] = &front.table, ['r'] = &front.region, ['R'] = &route };
	int o;

	while ((o = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (o == 's')
			front.skew = atol(optarg);
		else if (o == 'A')
			front.any = true;
		else if (o == '2')
			*ret_max_version = TLS1_2_VERSION;
		else if (o < 0 || o > 255 || !to[o])
			exit(2);
		else
			*to[o] = optarg;
	}
}

int main(int argc, char **argv)
{
	int max_version = 0, fd, client, one = 1;

	options(argc, argv, &max_version);
	signal(SIGPIPE, SIG_IGN);
	make_context(max_version);
	fd = start_listening();
	while ((client = accept(fd, NULL, NULL)) >= 0 || errno == ECONNABORTED || errno == EINTR) {
		struct visit *v = client < 0 ? NULL : calloc(1, sizeof *v);
		pthread_t thread;

		if (!v)
			continue;
		v->fd = client;
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		read_mood(v->mood);
		if (pthread_create(&thread, NULL, visit_main, v) == 0)
			pthread_detach(thread);
	}
	return 1;
}
