#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "common/file.h"
#include "netconf/seen.h"
#include "netconf/xtables.h"

enum { TEXT_MAX = 32 };
#define FNV_BASIS 14695981039346656037ULL

/* FNV-1a: it needs to differ by accident only. */
static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211ULL;
	return h;
}

static uint64_t mix_wanted(uint64_t h, const struct plan *p, enum family f, enum words words)
{
	struct wanted w;

	rules_wanted(&p->nc, f, words, &w);
	return mix(h, &w, sizeof w);
}

uint64_t seen_fingerprint(const struct plan *p, enum backend b, uint32_t generation)
{
	uint64_t h = FNV_BASIS;
	struct stat net = { 0 };

	(void) stat("/proc/self/ns/net", &net); /* at another boot the file is not there any more */
	h = mix(h, VERSION, sizeof VERSION);
	h = mix(h, &net.st_dev, sizeof net.st_dev);
	h = mix(h, &net.st_ino, sizeof net.st_ino);
	h = mix(h, &b, sizeof b);
	h = mix(h, &generation, sizeof generation);
	for (enum family f = 0; f < FAMILIES && (f != FAMILY_IPV6 || p->ipv6); f++) {
		h = mix_wanted(h, p, f, b == BACKEND_NFTABLES ? WORDS_NFT : WORDS_IPTABLES);
		h = mix_wanted(h, p, f, WORDS_FOREIGN);
	}
	return h;
}

uint64_t seen_extensions(enum family f, const struct wanted *w)
{
	uint64_t h = FNV_BASIS;
	struct utsname u;
	struct stat st;

	if (!xtables_folder(&st) || uname(&u) < 0)
		return 0;
	h = mix(h, VERSION, sizeof VERSION);
	h = mix(h, u.release, strlen(u.release));
	h = mix(h, u.version, strlen(u.version));
	h = mix(h, &st.st_dev, sizeof st.st_dev);
	h = mix(h, &st.st_ino, sizeof st.st_ino);
	h = mix(h, &st.st_mtim, sizeof st.st_mtim);
	return mix(mix(h, &f, sizeof f), w, sizeof *w);
}

static void write_number(uint64_t fingerprint, char text[TEXT_MAX])
{
	snprintf(text, TEXT_MAX, "%016" PRIx64 "\n", fingerprint);
}

bool seen_is(int root, const char *file, uint64_t fingerprint)
{
	AUTO_BUF b = { .limit = 0 };
	char text[TEXT_MAX];
	struct err unused;

	write_number(fingerprint, text);
	return file_read(root, file, TEXT_MAX, &b, &unused) == 0 && view_is(buf_view(&b), text);
}

void seen_keep(int root, const char *file, uint64_t fingerprint)
{
	char text[TEXT_MAX];
	struct err unused;

	write_number(fingerprint, text);
	(void) !file_replace(root, file, text, strlen(text), 0600, &unused);
}
