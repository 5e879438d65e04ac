"""Who reaches what, by packets: before and after `ecs-netconf apply`, with every backend, IPv4 and IPv6."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap
from netns import BACKENDS, INTROSPECTION, PRIVATE, Host, Wires
from tap import check, each, equal, skip

TASKS = {"container", "user container", "awsvpc task"}
INSIDE = TASKS | {"host"}
ALL = INSIDE | {"neighbour"}

BEFORE = {
    "credentials": set(), "127.0.0.1": {"host"}, "credentials by 127.0.0.1": {"host"},
    "metadata": INSIDE, "metadata, IPv6": INSIDE, "VPC's DNS": INSIDE,
    "introspection": ALL, "introspection, IPv6": ALL,
}
APPLIED = {**BEFORE, "credentials": INSIDE, "introspection": {"host", "container"}, "introspection, IPv6": {"host", "container"}}
# With route_localnet on all interfaces, whoever routes 169.254.170.2 to the host is let in: nothing says who the LAN is.
WIDE = {**APPLIED, "credentials": ALL}
BLOCKED = {"metadata": {"host"}, "metadata, IPv6": {"host"}}


def settings(host, **lines):
    host.root.write("/etc/ecs/netconf.conf", "".join(f"{name}={value}\n" for name, value in lines.items()))


def with_udev(host):
    """What tells that udev sets the sysctls of interfaces that come later."""
    host.root.write("/run/udev/control", "")
    host.root.write("/usr/lib/systemd/systemd-sysctl", "")


def expect(wires, title, wanted):
    got = wires.matrix()
    wires.show(title, got)
    for target, who in wanted.items():
        equal(got[target], who, f"{title}: who reaches {target}")


def ipv6_or_skip():
    if not os.path.exists("/proc/sys/net/ipv6"):
        skip("the kernel runs without IPv6")


@each(**BACKENDS)
def test_matrix(kind):
    ipv6_or_skip()
    with Host(kind) as host, Wires(host) as wires:
        with_udev(host)
        expect(wires, f"{kind}, before", BEFORE)
        host.netconf("apply")
        expect(wires, f"{kind}, applied", APPLIED)
        settings(host, BLOCK_INSTANCE_METADATA="true")
        host.netconf("apply")
        expect(wires, f"{kind}, metadata blocked", {**APPLIED, **BLOCKED})
        host.netconf("remove")
        expect(wires, f"{kind}, removed", BEFORE)


@each(**BACKENDS)
def test_route_localnet_on_all_interfaces_needs_the_filter(kind):
    ipv6_or_skip()
    with Host(kind) as host, Wires(host) as wires:
        host.netconf("apply")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "1", "route_localnet without udev")
        expect(wires, f"{kind}, all interfaces", WIDE)
        host.netconf("apply", env={"ECS_SKIP_LOCALHOST_TRAFFIC_FILTER": "true"})
        expect(wires, f"{kind}, all, no filter", {**WIDE, "127.0.0.1": ALL, "credentials by 127.0.0.1": ALL})
        # what is the narrower setting worth by itself: nothing but the LAN is kept out
        with_udev(host)
        host.netconf("apply", env={"ECS_SKIP_LOCALHOST_TRAFFIC_FILTER": "true"})
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "0", "route_localnet with udev")
        expect(wires, f"{kind}, bridges, no filter", {**APPLIED, "127.0.0.1": INSIDE, "credentials by 127.0.0.1": INSIDE})


@each(**BACKENDS)
def test_task_roles_off(kind):
    ipv6_or_skip()
    with Host(kind) as host, Wires(host) as wires:
        host.netconf("apply")
        settings(host, TASK_ROLES="false")
        host.netconf("apply")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "0", "route_localnet")
        expect(wires, f"{kind}, task roles off", {**APPLIED, "credentials": set()})


@each(**BACKENDS)
def test_other_bridge(kind):
    ipv6_or_skip()
    with Host(kind) as host, Wires(host, bridge="tasks0") as wires:
        with_udev(host)
        host.netconf("--bridge", "tasks0", "apply")
        expect(wires, f"{kind}, bridge tasks0", APPLIED)
        host.netconf("apply")       # remembers the name
        expect(wires, f"{kind}, applied again", APPLIED)


@each(**BACKENDS)
def test_bridge_that_comes_after_apply(kind):
    """udev calls systemd-sysctl with these arguments when an interface appears (99-systemd.rules)."""
    helper = "/lib/systemd/systemd-sysctl"
    if not os.path.exists(helper):
        skip("systemd-sysctl is not installed")
    ipv6_or_skip()
    with Host(kind) as host:
        with_udev(host)
        host.netconf("--bridge", "docker0", "apply")
        equal(host.sysctl("net/ipv4/conf/default/route_localnet"), "0", "route_localnet of new interfaces")
        with Wires(host) as wires:
            expect(wires, f"{kind}, bridges came later", {"credentials": {"host"}})
            for name in ("docker0", "br-0123456789ab", "ecs-bridge", "eth0"):
                host.net.do("unshare", "--mount", "sh", "-ec", f"""
                    mount -t tmpfs none /run
                    mkdir /run/sysctl.d
                    cp {host.root.at('/run/sysctl.d')}/* /run/sysctl.d
                    exec {helper} --prefix=/net/ipv4/conf/{name} --prefix=/net/ipv6/conf/{name}""")
            expect(wires, f"{kind}, udev has seen them", APPLIED)
            equal(host.sysctl("net/ipv6/conf/br-0123456789ab/accept_ra"), "0", "accept_ra")
            equal(host.sysctl("net/ipv4/conf/eth0/route_localnet"), "0", "route_localnet of the LAN")
            host.netconf("remove")
            check(not host.root.has("/run/sysctl.d/90-ecs-netconf.conf"), "the file for udev is still there")


@each(**BACKENDS)
def test_host_without_a_default_route(kind):
    """Of IPv6 only: the kernel looks for a route before it redirects."""
    with Host(kind) as host:
        with host.net.listen("127.0.0.1", 51679):
            host.netconf("apply")
            check(host.net.reaches("169.254.170.2", 80), "no credentials for processes of the host")
            host.netconf("remove")
            equal(host.net.do("ip", "route", "show", "169.254.170.2"), "", "route after remove")
            host.net.do("ip", "route", "add", "169.254.170.2/32", "dev", "lo", "scope", "link")
            host.netconf("apply")
            host.netconf("remove")
            check("dev lo" in host.net.do("ip", "route", "show", "169.254.170.2"), "somebody else's route is gone")


@each(**BACKENDS)
def test_physical_bridge_is_not_let_in(kind):
    """A bridge with a port that leads outside is the LAN."""
    with Host(kind) as host:
        with_udev(host)
        host.net.do("ip", "link", "add", "br0", "type", "bridge")
        # any kind of port does that is not one of a container or of a machine of this host
        host.net.do("ip", "link", "add", "port0", "type", "vxlan", "id", "7", "dstport", "4789")
        host.net.do("ip", "link", "set", "port0", "master", "br0")
        host.net.do("ip", "link", "add", "lab0", "type", "bridge")
        host.netconf("apply")
        equal(host.sysctl("net/ipv4/conf/br0/route_localnet"), "0", "route_localnet of the LAN's bridge")
        equal(host.sysctl("net/ipv4/conf/lab0/route_localnet"), "1", "route_localnet of a bridge without ports")


if __name__ == "__main__":
    tap.main()
