#include "bootstrap/trunk-files.h"

#define HEAD "# Made by ecs-bootstrap for eniTrunking on each boot.\n"

/* "a b" as "PREFIXa" and "PREFIXb", with between. */
static int list(const char *words, const char *prefix, const char *between, struct buf *b)
{
	struct view rest = view_of(words);
	int r = 0;

	for (size_t n = 0; r == 0 && rest.len > 0; n++) {
		struct view word = view_cut(&rest, ' ');

		r = buf_printf(b, "%s%s%.*s", n == 0 ? "" : between, prefix, VIEW_ARG(word, (size_t) 32));
	}
	return r;
}

/*
 * The helpers that configure whatever is plugged in are all run by a rule with RUN+= on "add": ec2-net-utils of both kinds,
 * cloud-ifupdown-helper, cloud-netconfig, cloud-init's hotplug hook. RUN= forgets what was to be run, wherever the rule
 * stands, and for no other interface. Not on "add" alone, so that the unit finds by ID_ECS_TRUNK
 * what was there before. The name of the file sorts behind all of theirs. A router that advertises itself in
 * the trunk's subnet must not become the host's.
 */
static int udev(const struct trunk_primary *p, const char *drivers, struct buf *b)
{
	int r = buf_printf(b, HEAD "ACTION!=\"remove\", SUBSYSTEM==\"net\", ENV{ID_NET_DRIVER}==\"");

	r = r ? r : list(drivers, "", "|", b);
	return r ? r : buf_printf(b, "\", ATTR{address}!=\"%s\", RUN=\"/bin/true\", ENV{NM_UNMANAGED}=\"1\", ENV{ID_ECS_TRUNK}=\"1\", "
				  "SYSCTL{net/ipv6/conf/$name/accept_ra}=\"0\"\n", p->mac);
}

/* The first file that matches wins, by name of the file. An older systemd that knows no '!' matches nothing at all. */
static int networkd(const struct trunk_primary *p, const char *drivers, struct buf *b)
{
	return buf_printf(b, HEAD "[Match]\nDriver=%s\nName=!%s\n\n[Link]\nUnmanaged=yes\n", drivers, p->name);
}

static int network_manager(const struct trunk_primary *p, const char *drivers, struct buf *b)
{
	int r = buf_printf(b, HEAD "[device-ecs-trunk]\nmatch-device=");

	r = r ? r : list(drivers, "driver:", ",", b);
	return r ? r : buf_printf(b, ",except:mac:%s\nmanaged=0\n", p->mac);
}

/* It makes policy routes for every interface that the metadata service tells of, ECS's too. */
static int cloud_setup(const struct trunk_primary *p, const char *drivers, struct buf *b)
{
	(void) p;
	(void) drivers;
	return buf_printf(b, HEAD "[Unit]\nConditionPathExists=!%s\n", trunk_files[0].path);
}

const struct trunk_file trunk_files[TRUNK_FILES] = {
	{ "/run/udev/rules.d/99-zz-ecs-trunk.rules", { NULL }, udev },
	{ "/run/systemd/network/05-ecs-trunk.network", { "/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd", NULL }, networkd },
	{ "/run/NetworkManager/conf.d/90-ecs-trunk.conf", { "/usr/sbin/NetworkManager", "/sbin/NetworkManager", NULL }, network_manager },
	{ "/run/systemd/system/nm-cloud-setup.service.d/10-ecs-trunk.conf",
	  { "/usr/lib/systemd/system/nm-cloud-setup.service", "/lib/systemd/system/nm-cloud-setup.service", NULL }, cloud_setup },
};
