#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/keyval.h"
#include "netconf/packages.h"

enum { OS_RELEASE_MAX = 64 << 10 };

/*
 * Read in the distributions' package lists. The first row whose word is "ID VERSION_ID", the ID or one of ID_LIKE; Ubuntu keeps the modules
 * that few need in a package of their own, Debian all of them with the kernel. %s: the kernel's release.
 */
static const struct row {
	const char *id, *iptables, *extensions, *nftables, *modules;
	bool        old_systemd;
} rows[] = {
	{ "ubuntu", "iptables", "iptables", "libnftables1", "linux-modules-extra-%s", false },
	{ "debian", "iptables", "iptables", "libnftables1", "linux-image-%s", false },
	{ "amzn 2", "iptables", "iptables-libs", "nftables", "kernel", true },
	{ "amzn", "iptables-nft", "iptables-libs", "nftables", "kernel-modules-extra", false },
	{ "rhel", "iptables-nft", "iptables-libs", "nftables", "kernel-modules-extra", false },
	{ "fedora", "iptables-nft", "iptables-libs", "nftables", "kernel-modules-extra", false },
	{ "sles", "iptables", "xtables-plugins", "libnftables1", "kernel-default", false },
	{ "suse", "iptables", "xtables-plugins", "libnftables1", "kernel-default", false },
	{ NULL, "iptables", "iptables", "nftables", "kernel-modules-extra", false },
};

static struct view value_of(struct view text, const char *key)
{
	struct view v = { "", 0 };

	if (!keyval_find(text, key, &v))
		return (struct view) { "", 0 };
	v = view_trim(v);
	if (v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\''))
		v = (struct view) { v.p + 1, v.len - 2 };
	return v;
}

static bool has_word(struct view words, const char *word)
{
	while (words.len > 0)
		if (view_is(view_cut(&words, ' '), word))
			return true;
	return false;
}

void packages_of(struct view text, const char *release, struct packages *ret)
{
	struct view id = value_of(text, "ID"), version = value_of(text, "VERSION_ID"), like = value_of(text, "ID_LIKE");
	const struct row *r = rows;
	char exact[64];

	snprintf(exact, sizeof exact, "%.*s %.*s", VIEW_ARG(id, (size_t) 24), VIEW_ARG(version, (size_t) 24));
	while (r->id && strcmp(exact, r->id) != 0 && !view_is(id, r->id) && !has_word(like, r->id))
		r++;
	*ret = (struct packages) { .iptables = r->iptables, .extensions = r->extensions, .nftables = r->nftables,
				   .kmod = "kmod", .old_systemd = r->old_systemd };
	if (strstr(r->modules, "%s"))
		snprintf(ret->modules, sizeof ret->modules, "%.*s%s", (int) (strchr(r->modules, '%') - r->modules), r->modules, release);
	else
		snprintf(ret->modules, sizeof ret->modules, "%s", r->modules);
}

void packages_find(int root, const char *release, struct packages *ret)
{
	AUTO_BUF text = { .limit = 0 };
	struct err unused;

	/* On many hosts the file in /etc is a link to this one. */
	if (file_read(root, "/usr/lib/os-release", OS_RELEASE_MAX, &text, &unused) != 0) {
		buf_clear(&text);
		if (file_read(root, "/etc/os-release", OS_RELEASE_MAX, &text, &unused) != 0)
			buf_clear(&text);
	}
	packages_of(buf_view(&text), release, ret);
}
