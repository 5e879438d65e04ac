/* The TLS side of a tunnel, over a socket that never blocks. With certificate.c the only file that knows OpenSSL's TLS. */
#ifndef EFS_TUNNEL_TLS_H
#define EFS_TUNNEL_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/view.h"
#include "efs/certificate.h"

struct tls_context;
void tls_context_freep(struct tls_context **c);
#define AUTO_TLS_CONTEXT CLEANUP(tls_context_freep) struct tls_context

/* TLS 1.2 or newer. authorities: PEM certificates that are trusted; verify false: none is asked for. 0 or negative. */
int tls_context_new(struct view authorities, bool verify, struct tls_context **ret, struct err *e) MUST_CHECK;

struct tls;
void tls_freep(struct tls **t);
#define AUTO_TLS CLEANUP(tls_freep) struct tls

/* Outcomes of the calls below besides 0 and negative (with a sentence): call again when the socket is ready for it. */
enum { TLS_WANTS_READ = 1, TLS_WANTS_WRITE = 2, TLS_ENDED = 3 /* the peer has closed its side properly */ };

/*
 * A session on fd, which stays the caller's, as the client with this certificate (kept as long as it is needed). host: sent
 * as SNI, and with verify the name that the peer's certificate must be for.
 */
int tls_new(struct tls_context *c, const struct efs_identity *who, const char *host, int fd, struct tls **ret, struct err *e) MUST_CHECK;

int tls_handshake(struct tls *t, struct err *e) MUST_CHECK;
int tls_read(struct tls *t, char *to, size_t size, size_t *ret_n, struct err *e) MUST_CHECK;
int tls_write(struct tls *t, struct view data, size_t *ret_n, struct err *e) MUST_CHECK;
int tls_end(struct tls *t, struct err *e) MUST_CHECK; /* says that we send no more; reading goes on */

/* What the calls above want to be sent is gathered, many records for one system call; flush sends it: 0 or TLS_WANTS_WRITE. */
bool tls_unsent(const struct tls *t);
int tls_flush(struct tls *t, struct err *e) MUST_CHECK;

/* For messages: "TLSv1.3". */
const char *tls_version(const struct tls *t);

#endif
