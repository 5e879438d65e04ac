"""Hosts whose own rules deny what is not allowed: tasks reach the agent all the same, the LAN does not."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import program
import tap
from netns import BACKENDS, NFT, Host, Wires
from tap import check, contains, each, equal, lacks, skip

TASKS = {"container", "user container", "awsvpc task"}
ACCEPT = "-p tcp -m tcp --dport 51679 -m conntrack --ctstate DNAT -j ACCEPT"

# Level 2 of the CIS benchmarks, section "host based firewall": nothing but loopback, answers and what the host itself begins.
CIS = ("-P INPUT DROP", "-P FORWARD DROP", "-P OUTPUT DROP", "-A INPUT -i lo -j ACCEPT", "-A OUTPUT -o lo -j ACCEPT",
       "-A INPUT -s 127.0.0.0/8 -j DROP", "-A INPUT -p tcp -m state --state ESTABLISHED -j ACCEPT",
       "-A OUTPUT -p tcp -m state --state NEW,ESTABLISHED -j ACCEPT", "-A INPUT -p tcp --dport 22 -m state --state NEW -j ACCEPT")
CIS6 = tuple(line.replace("127.0.0.0/8", "::1") for line in CIS)

CIS_NFT = """
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ip saddr 127.0.0.0/8 counter drop
        ip protocol tcp ct state established accept
        ip6 nexthdr tcp ct state established accept
        ip6 nexthdr icmpv6 accept
        tcp dport 22 accept
    }
}
"""
REJECT_NFT = """
table inet mine {
    chain input {
        type filter hook input priority 0; policy accept;
        ct state established,related accept
        iif lo accept
        ip6 nexthdr icmpv6 accept
        counter reject with icmpx type admin-prohibited
    }
}
table ip mangle2 { chain input { type filter hook input priority -150; policy accept; tcp dport 9 drop; }; }
"""


def expect(wires, title, tasks=TASKS):
    got = wires.matrix()
    wires.show(title, got)
    equal(got["credentials"], {"host", *tasks}, f"{title}: credentials")
    bridge = {"container"} if tasks else set()
    equal(got["introspection"] - {"host"}, bridge, f"{title}: introspection")
    equal(got["introspection, IPv6"] - {"host"}, bridge, f"{title}: introspection, IPv6")
    equal(got["127.0.0.1"], {"host"}, f"{title}: 127.0.0.1")


def with_udev(host):
    host.root.write("/run/udev/control", "")
    host.root.write("/usr/lib/systemd/systemd-sysctl", "")


@each(before_ours=("nft", True), after_ours=("nft", False), legacy_before_ours=("legacy", True), legacy_after_ours=("legacy", False))
def test_cis_policies(kind, before):
    with Host(kind) as host, Wires(host) as wires:
        with_udev(host)

        def deny():
            for base, lines in (("iptables", CIS), ("ip6tables", CIS6)):
                for line in lines:
                    host.iptables(line, base)
            host.iptables("-A INPUT -p icmpv6 -j ACCEPT", "ip6tables")
            host.iptables("-A OUTPUT -p icmpv6 -j ACCEPT", "ip6tables")
        if before:
            deny()
        host.netconf("apply")
        if not before:
            deny()
        expect(wires, f"CIS, {kind}")
        # without our accept the same packets are denied: this test can fail
        host.iptables(f"-D ECS-INPUT -d 127.0.0.1/32 {ACCEPT}")
        equal(wires.matrix()["credentials"], {"host"}, "credentials without the accept")


@each(**{f"{name}, {kind}": (rules, kind) for name, rules in (("CIS", CIS_NFT), ("reject", REJECT_NFT)) for kind in BACKENDS})
def test_chains_of_nft_that_deny(rules, kind):
    with Host(kind) as host, Wires(host) as wires:
        with_udev(host)
        host.netconf("apply")
        host.net.do(NFT, "-f", "-", input=rules)
        before = host.nft("list tables")
        expect(wires, f"denied, {kind}", tasks=())
        contains(host.netconf("check", code=1).out, "missing in a chain that denies: insert rule inet ")
        contains(host.netconf("apply").err, "accepts put into chains that deny")
        expect(wires, f"accepted, {kind}")
        host.netconf("check")
        equal(host.netconf("apply").err, "", "what a second apply says")
        lacks(host.nft("list table ip mangle2") if "mangle2" in before else "", "ecs-bootstrap", "a chain that denies one port only")
        host.root.write("/etc/ecs/netconf.conf", "TASK_ROLES=false\n")
        host.netconf("apply")
        lacks(host.nft("list ruleset"), "51679 accept", "ruleset without task roles")
        host.netconf("remove")
        lacks(host.nft("list ruleset"), "ecs-bootstrap", "ruleset after remove")
        equal(host.nft("list tables").count("table inet"), before.count("table inet"), "tables of others")


def test_without_libnftables_the_chain_is_named():
    folder = next((d for d in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
                   if os.path.exists(f"{d}/libnftables.so.1")), None) or skip("libnftables is not installed")
    with Host("nft") as host:
        host.net.do(NFT, "-f", "-", input=CIS_NFT)
        script = (f"mount -t tmpfs none /mnt; mkdir /mnt/u /mnt/w; mount -t overlay -o lowerdir={folder},upperdir=/mnt/u,"
                  f"workdir=/mnt/w none {folder}; rm -f {folder}/libnftables.so.1*; PATH={host.bin} exec \"$@\"")
        argv = host.net.command(shutil.which("unshare"), "--mount", "/bin/sh", "-ec", script, "sh", host.binary, "--root", host.root.path)
        contains(program.run([*argv, "apply"], timeout=60).exits(0).err, "chain 'inet filter input' denies what tasks send to the agent, "
                                                                         "and without libnftables (package")


# Files of the host are seen, changes to them go to a tmpfs; what runs in there ends with its first process.
PRIVATE = """
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work none /etc
"""


def private(host, script):
    unshare = shutil.which("unshare")
    return host.net.command(unshare, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-ec", PRIVATE + script)


@each(before_ours=True, after_ours=False)
def test_ufw(before):
    if not shutil.which("ufw", path="/usr/sbin"):
        skip("ufw is not installed")
    if "xtables-nft" not in os.path.realpath("/usr/sbin/iptables"):
        skip("ufw works with the host's default iptables, which is not of kind nft here")
    with Host("nft") as host, Wires(host) as wires:
        with_udev(host)

        def deny():
            program.run(private(host, "ufw --force enable; ufw status verbose"), timeout=120).exits(0)
            contains("\n".join(host.saved()), ":INPUT DROP")
        if before:
            deny()
        host.netconf("apply")
        if not before:
            deny()
            host.netconf("check")
        expect(wires, "ufw")
        host.iptables(f"-D ECS-INPUT -d 127.0.0.1/32 {ACCEPT}")
        equal(wires.matrix()["credentials"], {"host"}, "credentials without the accept")


# dockerd does the same over D-Bus for its bridges; ecs-bridge stays in the default zone.
FIREWALLD = """
mkdir /run/dbus
dbus-daemon --system --fork --nopidfile
firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
for i in $(seq 300); do firewall-cmd --state >/dev/null 2>&1 && break; sleep 0.1; done
firewall-cmd --state || { cat /run/firewalld.log; exit 1; }
firewall-cmd --permanent --new-zone=docker
firewall-cmd --permanent --zone=docker --set-target=ACCEPT
firewall-cmd --reload
firewall-cmd --zone=docker --change-interface=docker0
echo is up
while read line; do firewall-cmd --reload; firewall-cmd --zone=docker --change-interface=docker0; echo reloaded; done
"""


@each(**BACKENDS)
def test_firewalld(kind):
    for name in ("firewalld", "firewall-cmd", "dbus-daemon"):
        if not shutil.which(name, path="/usr/sbin:/usr/bin"):
            skip(f"{name} is not installed")
    with Host(kind) as host, Wires(host) as wires:
        with_udev(host)
        host.netconf("apply")
        with subprocess.Popen(private(host, FIREWALLD), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as wall:
            try:
                said = iter(wall.stdout.readline, "")
                check("is up\n" in said, "firewalld does not run")
                contains(host.nft("list tables"), "firewalld")
                # when it starts it flushes what iptables-nft has; its own chains accept what was redirected
                if kind == "nft":
                    host.netconf("check", code=1)
                    host.netconf("apply")
                expect(wires, f"firewalld, {kind}")
                print("reload", file=wall.stdin, flush=True)
                check("reloaded\n" in said, "firewalld does not reload")
                if kind == "nft":
                    host.netconf("apply")
                expect(wires, f"firewalld reloaded, {kind}")
                host.netconf("check")
            finally:
                wall.kill()


if __name__ == "__main__":
    tap.main()
