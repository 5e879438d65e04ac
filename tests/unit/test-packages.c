#include "netconf/packages.h"
#include "tests/unit/test.h"

static void test_names_of_each_distribution(void **state)
{
	static const struct {
		const char *text, *iptables, *extensions, *nftables, *modules;
	} hosts[] = {
		{ "ID=debian\nVERSION_ID=\"12\"\n", "iptables", "iptables", "libnftables1", "linux-image-6.1.0" },
		{ "ID=ubuntu\nID_LIKE=debian\n", "iptables", "iptables", "libnftables1", "linux-modules-extra-6.1.0" },
		{ "ID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n", "iptables-nft", "iptables-libs", "nftables", "kernel-modules-extra" },
		{ "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\n", "iptables", "iptables-libs", "nftables", "kernel" },
		{ "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "iptables-nft", "iptables-libs", "nftables", "kernel-modules-extra" },
		{ "ID=\"sles\"\nID_LIKE=\"suse\"\n", "iptables", "xtables-plugins", "libnftables1", "kernel-default" },
		{ "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n", "iptables", "xtables-plugins", "libnftables1", "kernel-default" },
		{ "ID='linuxmint'\nID_LIKE='ubuntu debian'\n", "iptables", "iptables", "libnftables1", "linux-modules-extra-6.1.0" },
		{ "ID=\"\nID_LIKE=\n", "iptables", "iptables", "nftables", "kernel-modules-extra" },
		{ "", "iptables", "iptables", "nftables", "kernel-modules-extra" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct packages p;

		packages_of(view_of(hosts[i].text), "6.1.0", &p);
		assert_string_equal(p.iptables, hosts[i].iptables);
		assert_string_equal(p.extensions, hosts[i].extensions);
		assert_string_equal(p.nftables, hosts[i].nftables);
		assert_string_equal(p.modules, hosts[i].modules);
		assert_string_equal(p.kmod, "kmod");
		assert_int_equal(p.old_systemd, strcmp(p.modules, "kernel") == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_names_of_each_distribution) };

	return RUN("packages", tests);
}
