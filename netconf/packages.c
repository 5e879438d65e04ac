#include <stdio.h>
#include <string.h>

#include "common/os-release.h"
#include "netconf/packages.h"

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

static bool has_word(struct view words, const char *word)
{
	while (words.len > 0)
		if (view_is(view_cut(&words, ' '), word))
			return true;
	return false;
}

void packages_of(struct view text, const char *release, struct packages *ret)
{
	struct view id = os_release_value(text, "ID"), version = os_release_value(text, "VERSION_ID"), like = os_release_value(text, "ID_LIKE");
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

	if (os_release_read(root, &text, &unused) < 0)
		buf_clear(&text);
	packages_of(buf_view(&text), release, ret);
}
