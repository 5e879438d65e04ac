#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bootstrap/tgz.h"

enum { BLOCK = 512, GZIP = 16 /* zlib: this much more than the window's bits asks for gzip */ };

/* POSIX.1-1988, with what POSIX.1-2001 calls ustar. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], owner[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

struct tgz {
	z_stream    z;
	struct buf *out;
	time_t      when;
	char        folder[TGZ_NAME_MAX + 1];
};

int tgz_begin(const char *folder, time_t when, struct buf *out, struct tgz **ret, struct err *e)
{
	struct tgz *t = calloc(1, sizeof *t);

	if (!t || deflateInit2(&t->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(t);
		return err_set(e, -ENOMEM, "set up an archive");
	}
	t->out = out;
	t->when = when;
	snprintf(t->folder, sizeof t->folder, "%s", folder);
	*ret = t;
	return 0;
}

void tgz_freep(struct tgz **t)
{
	if (!*t)
		return;
	(void) deflateEnd(&(*t)->z);
	free(*t);
	*t = NULL;
}

static int squeeze(struct tgz *t, struct view data, int flush)
{
	unsigned char chunk[16384];
	int r = 0;

	t->z.next_in = (z_const Bytef *) data.p;
	t->z.avail_in = (uInt) data.len;
	do {
		t->z.next_out = chunk;
		t->z.avail_out = sizeof chunk;
		if (deflate(&t->z, flush) == Z_STREAM_ERROR)
			return -EIO;
		r = buf_add(t->out, chunk, sizeof chunk - t->z.avail_out);
	} while (r == 0 && t->z.avail_out == 0);
	return r;
}

static void fill_header(const struct tgz *t, const char *name, size_t size, struct header *h)
{
	unsigned sum = 0;

	memset(h, 0, sizeof *h);
	snprintf(h->name, sizeof h->name, "%s", name);
	snprintf(h->prefix, sizeof h->prefix, "%s", t->folder);
	snprintf(h->mode, sizeof h->mode, "%07o", 0600U);
	snprintf(h->uid, sizeof h->uid, "%07o", 0U);
	snprintf(h->gid, sizeof h->gid, "%07o", 0U);
	snprintf(h->size, sizeof h->size, "%011zo", size);
	snprintf(h->mtime, sizeof h->mtime, "%011llo", (unsigned long long) t->when & 077777777777ULL);
	h->type = '0';
	memcpy(h->magic, "ustar", sizeof h->magic);
	memcpy(h->version, "00", sizeof h->version);
	memset(h->checksum, ' ', sizeof h->checksum); /* counted as blanks */
	for (size_t i = 0; i < sizeof *h; i++)
		sum += ((const unsigned char *) h)[i];
	snprintf(h->checksum, sizeof h->checksum - 1, "%06o", sum);
}

int tgz_add(struct tgz *t, const char *name, struct view data, bool last, struct err *e)
{
	static const char zeroes[BLOCK];
	size_t limit = t->out->limit ? t->out->limit : BUF_DEFAULT_LIMIT, rest = (BLOCK - data.len % BLOCK) % BLOCK;
	size_t most = deflateBound(&t->z, data.len + (size_t) 2 * BLOCK) + (last ? 0 : TGZ_RESERVE);
	struct header h;
	int r;

	if (strlen(name) > TGZ_NAME_MAX || data.len > UINT32_MAX / 2)
		return err_say(e, -EINVAL, "archive '%s': name or size is too long", name);
	if (most > limit || t->out->len > limit - most)
		return err_say(e, -EMSGSIZE, "archive '%s': the archive would grow over %zu MiB", name, limit >> 20);
	fill_header(t, name, data.len, &h);
	r = squeeze(t, (struct view) { (const char *) &h, sizeof h }, Z_NO_FLUSH);
	if (r == 0)
		r = squeeze(t, data, Z_NO_FLUSH);
	if (r == 0)
		r = squeeze(t, (struct view) { zeroes, rest }, Z_NO_FLUSH);
	return r < 0 ? err_set(e, r == -EMSGSIZE ? -EIO : r, "archive '%s'", name) : 0;
}

int tgz_end(struct tgz *t, struct err *e)
{
	static const char zeroes[2 * BLOCK];
	int r = squeeze(t, (struct view) { zeroes, sizeof zeroes }, Z_FINISH);

	return r < 0 ? err_set(e, r, "end the archive") : 0;
}
