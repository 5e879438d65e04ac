"""ecs-netconf with nftables: its own tables, through libnftables; and the change from one backend to the other."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import program
import tap
from netns import KINDS, NFT, RIGHT, Host, no_ours
from tap import check, contains, each, equal, lacks, skip

FOREIGN = ("table inet mine { chain c { type filter hook forward priority 0; policy accept; ip saddr 10.9.8.7 drop; }; }; "
           "table ip6 other { chain c { tcp dport 22 accept; }; }")
LIBRARY = "libnftables.so.1"


def test_apply_check_and_remove():
    with Host("nftables") as host:
        host.nft(FOREIGN)
        before = host.nft("list ruleset")
        contains(host.netconf("check", code=1).out, "IPv4: missing: ip ecs-bootstrap ECS-PREROUTING: ip daddr 169.254.170.2 "
                                                    "tcp dport 80 dnat to 127.0.0.1:51679")
        contains(host.netconf("apply").err, "rules for IPv4 made")
        contains(host.nft("list ruleset"), before.split("}")[0])
        equal(host.netconf("check").out, "# backend: nftables\n", "what check prints")
        handles = host.net.do(NFT, "--handle", "list", "ruleset")
        equal(host.netconf("apply").err, "", "what a second apply says")
        equal(host.net.do(NFT, "--handle", "list", "ruleset"), handles, "ruleset after a second apply")
        host.netconf("remove")
        equal(host.nft("list ruleset"), before, "ruleset after remove")
        equal(host.netconf("remove").err, "", "what a second remove says")


DAMAGE = {
    "flushed": "flush ruleset",
    "one table gone": "delete table ip6 ecs-bootstrap",
    "chain gone": "flush chain ip ecs-bootstrap ECS-OUTPUT; delete chain ip ecs-bootstrap ECS-OUTPUT",
    "chain emptied": "flush chain ip ecs-bootstrap ECS-INPUT",
    "foreign rule": "insert rule ip ecs-bootstrap ECS-INPUT ip saddr 10.0.0.0/8 accept",
    "rule doubled": "add rule ip ecs-bootstrap ECS-OUTPUT ip daddr 169.254.170.2 tcp dport 80 redirect to :51679",
    "foreign chain": "add chain ip ecs-bootstrap more { type filter hook output priority 0; policy drop; }",
    "policy": "add chain ip6 ecs-bootstrap ECS-INPUT { policy drop; }",
    "a set": "add set ip ecs-bootstrap s { type ipv4_addr; }",
}


@each(**{name: name for name in DAMAGE})
def test_damage_is_told_and_mended(name):
    with Host("nftables") as host:
        host.netconf("apply")
        host.netconf("apply")
        host.nft(DAMAGE[name])
        tap.matches(host.netconf("check", code=1).out, r"^IPv[46]: (missing|surplus|wrong order or doubled): ", "what check prints")
        host.netconf("apply")
        host.is_right()


def test_show_is_input_for_nft():
    with Host("nftables") as host:
        text = host.netconf("show").out
        contains(text, "# backend: nftables\n# nft -f -\n")
        host.net.do(NFT, "-f", "-", input=text)
        host.sysctl("net/ipv4/conf/all/route_localnet", 1)
        host.net.do("ip", "route", "add", "169.254.170.2/32", "dev", "lo", "scope", "link")
        host.is_right()


def use(host, backend):
    host.root.write("/etc/ecs/netconf.conf", f"BACKEND={backend}\n")


@each(**KINDS)
def test_change_of_backend_takes_the_others_rules_away(kind):
    with Host(kind) as host:
        host.netconf("apply")
        for _ in range(2):
            use(host, "nftables")
            contains(host.netconf("show").out, "# backend: nftables\n")
            host.netconf("apply")
            no_ours(host.everything())
            equal(host.netconf("check").out, "# backend: nftables\n", "what check prints")
            use(host, "auto")
            host.netconf("apply")
            host.is_right()
            lacks(host.nft("list tables"), "ecs-bootstrap")
        use(host, "nftables")
        host.netconf("apply")
        host.netconf("remove")
        lacks(host.nft("list tables"), "ecs-bootstrap")
        no_ours(host.everything())


def test_backend_that_nobody_knows():
    with Host("nft") as host:
        use(host, "ebpf")
        contains(host.netconf("apply").err, "read BACKEND in /etc/ecs/netconf.conf: 'ebpf' is none of auto, iptables and nftables; "
                                            "taken as auto")
        host.netconf("apply")
        equal(host.rules(), sorted(RIGHT["iptables"]), "rules")


def test_table_that_somebody_else_owns():
    """A program that made a table of our name its own: nobody else may change it as long as that program runs."""
    with Host("nftables") as host:
        owner = host.net.command("python3", "-c", OWNER)
        with program.Started(owner) as running:
            tap.wait_until(lambda: running.out or not running.running, 10, "the owner")
            if not running.running:
                skip("the kernel knows no owners of tables")
            tap.matches(host.netconf("apply", code=1).err, r"apply rules: make rules: ask nf_tables: .*Operation not permitted")
        host.netconf("apply")
        host.is_right()


OWNER = r"""
import socket, struct, time
def attribute(kind, data): return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)
def message(kind, flags, family, resource, data=b""):
    body = struct.pack("=BBH", family, 0, socket.htons(resource)) + data
    return struct.pack("=IHHII", 16 + len(body), kind, flags | 1, 1, 0) + body
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(message(0x10, 0, 0, 10) + message(10 << 8, 0x404, 2, 0, attribute(1, b"ecs-bootstrap\0") + attribute(2, struct.pack(">I", 2)))
       + message(0x11, 0, 0, 10))
answer = s.recv(4096)
if struct.unpack_from("=i", answer, 16)[0] == 0:
    print("owned", flush=True)
    time.sleep(60)
"""


def hidden(host, command):
    """Runs COMMAND where no file of the library is."""
    folder = next((d for d in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
                   if os.path.exists(f"{d}/{LIBRARY}")), None) or skip(f"{LIBRARY} is not installed")
    script = (f"mount -t tmpfs none /mnt; mkdir /mnt/upper /mnt/work; mount -t overlay -o lowerdir={folder},upperdir=/mnt/upper,"
              f"workdir=/mnt/work none {folder}; rm -f {folder}/{LIBRARY}*; PATH={host.bin} exec \"$@\"")
    argv = host.net.command(shutil.which("unshare"), "--mount", "/bin/sh", "-ec", script, "sh", host.binary, "--root", host.root.path)
    return program.run([*argv, command], timeout=60)


def test_neither_iptables_nor_nftables():
    with Host("nftables") as host:
        host.root.write("/etc/os-release", 'ID=sles\nVERSION_ID="15.6"\n')
        text = ("find 'iptables-restore' (package iptables) or 'libnftables.so.1' (package libnftables1): neither is installed\n")
        contains(hidden(host, "apply").exits(1).err, f"apply rules: {text}")
        lacks(hidden(host, "apply").err, "made", "what was said")
        contains(hidden(host, "check").exits(1).err, f"check rules: {text}")
        hidden(host, "remove").exits(0)
        use(host, "nftables")
        contains(hidden(host, "apply").exits(1).err, "load 'libnftables.so.1', which taskRoles.backend asks for: not installed")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "0", "route_localnet")


def test_iptables_without_libnftables():
    with Host("nft") as host:
        hidden(host, "apply").exits(0)
        host.is_right()


def test_library_that_is_broken():
    with Host("nftables") as host, tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/{LIBRARY}", "w") as file:
            file.write("junk")
        contains(host.netconf("apply", env={"LD_LIBRARY_PATH": folder}, code=1).err, f"apply rules: load '{LIBRARY}': ")


def test_ten_thousand_rules_of_others():
    with Host("nftables") as host:
        many = "".join(f"ip saddr 10.{n // 100}.{n % 100}.0/24 accept\n" for n in range(10000))
        host.net.do(NFT, "-f", "-", input=f"table ip mine {{\nchain c {{\ntype filter hook input priority 0; policy accept;\n{many}}}\n}}\n")
        before = host.nft("list ruleset")
        for what in ("apply", "apply", "check"):
            host.netconf(what).within(15)
        host.netconf("remove").within(15)
        equal(host.nft("list ruleset"), before, "ruleset")


if __name__ == "__main__":
    tap.main()
