#include <errno.h>

#include "common/file.h"
#include "efs/tunnel/authorities.h"

enum { BUNDLE_MAX = 8 << 20 };

/* All of them hold Amazon's roots. */
static const char *const places[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* Amazon Linux, RHEL */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 10, Fedora: the one before is going away */
	"/etc/ssl/ca-bundle.pem",                            /* SUSE */
	"/etc/ssl/cert.pem",
};

int authorities_read(int root, const char *path, struct buf *pem, struct err *e)
{
	int r = FILE_ABSENT;

	if (path[0]) {
		r = file_read(root, path, BUNDLE_MAX, pem, e);
		return r == FILE_ABSENT ? err_set(e, -ENOENT, "read '%s'", path) : r;
	}
	for (size_t i = 0; i < ARRAY_LEN(places) && r == FILE_ABSENT; i++)
		r = file_read(root, places[i], BUNDLE_MAX, pem, e);
	if (r == FILE_ABSENT)
		return err_say(e, -ENOENT, "find certificate authorities: there is no %s (package ca-certificates)", places[0]);
	return r;
}
