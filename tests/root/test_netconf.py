"""ecs-netconf against the real kernel, in network namespaces of its own, with both kinds of iptables."""
import contextlib
import ctypes
import fcntl
import glob
import os
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import program
import tap
from tap import check, contains, each, equal, lacks, skip

CLONE_NEWNET = 0x40000000
LOST = 0.6  # seconds after which a packet without an answer counts as dropped
KINDS = {"nft": "nft", "legacy": "legacy"}
INTROSPECTION, CREDENTIALS = 51678, 51679

RIGHT = {
    "iptables": [
        "*filter -A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP",
        "*filter -A ECS-INPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack "
        "! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
        "*filter -A ECS-INPUT -i docker0 -p tcp -m tcp --dport 51678 -j ACCEPT",
        "*filter -A INPUT -j ECS-INPUT",
        "*nat -A ECS-OUTPUT -d 169.254.170.2/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 51679",
        "*nat -A ECS-PREROUTING -d 169.254.170.2/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:51679",
        "*nat -A OUTPUT -j ECS-OUTPUT",
        "*nat -A PREROUTING -j ECS-PREROUTING",
    ],
    "ip6tables": [
        "*filter -A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP",
        "*filter -A ECS-INPUT -i docker0 -p tcp -m tcp --dport 51678 -j ACCEPT",
        "*filter -A INPUT -j ECS-INPUT",
    ],
}

libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace that ends with this process, however it ends: its holder reads our pipe."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        check(self.holder.stdout.readline() == b"ready\n", "no network namespace")
        self.path = f"/proc/{self.holder.pid}/ns/net"
        self.net = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)

    def end(self):
        os.close(self.net)
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()

    def command(self, *argv):
        return ["nsenter", f"--net={self.path}", *argv]

    def do(self, *argv, **more):
        return subprocess.run(self.command(*argv), check=True, capture_output=True, text=True, **more).stdout

    @contextlib.contextmanager
    def entered(self):
        """Sockets made within this block belong to the namespace."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            check(libc.setns(self.net, CLONE_NEWNET) == 0, "setns failed")
            yield
        finally:
            libc.setns(own, CLONE_NEWNET)
            os.close(own)

    def listen(self, address, port):
        with self.entered():
            server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(16)
        return server

    def knock(self, address, port):
        """Begins a TCP connection; answered() tells what came of it."""
        with self.entered():
            client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        client.setblocking(False)
        client.connect_ex((address, port))
        return client


def answered(clients):
    """{name: socket} to {name: was it connected within LOST seconds}"""
    end, connected = time.monotonic() + LOST, {}
    for name, client in clients.items():
        with client:
            _, writable, _ = select.select([], [client], [], max(0, end - time.monotonic()))
            connected[name] = bool(writable) and client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 \
                and has_peer(client)
    return connected


def has_peer(client):
    try:
        return bool(client.getpeername())
    except OSError:
        return False


def tool(name, kind):
    """/usr/sbin/iptables-nft-save is iptables-save of kind nft."""
    base, _, rest = name.partition("-")
    path = shutil.which(f"{base}-{kind}" + (f"-{rest}" if rest else ""), path="/usr/sbin:/usr/bin:/sbin:/bin")
    return path or skip(f"{base} of kind {kind} is not installed")


class Host:
    """A namespace with ecs-netconf, and a folder of tools that note who called them."""

    def __init__(self, kind, tools=("iptables", "ip6tables")):
        if os.geteuid() != 0:
            skip("not root")
        self.kind = kind
        self.binary = program.path_of("ecs-netconf")
        self.life = contextlib.ExitStack()
        with contextlib.ExitStack() as life:
            self.net = self.namespace(life)
            self.root = life.enter_context(program.Root())
            self.bin = tempfile.mkdtemp(prefix="netconf-")
            life.callback(shutil.rmtree, self.bin)
            for base in tools:
                for name in (base, f"{base}-save", f"{base}-restore"):
                    self.wrap(name, tool(name, kind))
            self.life = life.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.life.close()

    @staticmethod
    def namespace(life):
        net = Namespace()
        life.callback(net.end)
        net.do("ip", "link", "set", "lo", "up")
        return net

    def wrap(self, name, path):
        with open(f"{self.bin}/{name}", "w") as script:
            script.write(f'#!/bin/sh\necho {name} >>{self.bin}/calls\nexec {path} "$@"\n')
        os.chmod(f"{self.bin}/{name}", 0o755)

    def calls(self):
        """The tools called since the last time this was asked."""
        path = f"{self.bin}/calls"
        if not os.path.exists(path):
            return []
        with open(path) as file:
            names = file.read().split()
        os.unlink(path)
        return names

    def environment(self, **more):
        return program.environment(**{"PATH": self.bin, **more})

    def argv(self, *arguments):
        # nsenter is called by its full path: PATH holds the noting tools only
        return [shutil.which("nsenter"), f"--net={self.net.path}", self.binary, "--root", self.root.path, *arguments]

    def netconf(self, *arguments, env=None, code=0):
        return program.run(self.argv(*arguments), env=self.environment(**(env or {})), timeout=60).exits(code)

    def start(self, *arguments):
        return subprocess.Popen(self.argv(*arguments), env=self.environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def iptables(self, text, tool_name="iptables"):
        self.net.do(tool(tool_name, self.kind), *text.split())

    def saved(self, base="iptables"):
        text = self.net.do(tool(f"{base}-save", self.kind))
        return [line.split(" [")[0] for line in text.splitlines() if not line.startswith("#")]

    def rules(self, base="iptables"):
        """The rules alone, sorted, each with its table."""
        found, table = [], ""
        for line in self.saved(base):
            if line.startswith("*"):
                table = line
            elif line.startswith("-A"):
                found.append(f"{table} {line}")
        return sorted(found)

    def everything(self):
        return {base: self.saved(base) for base in RIGHT}

    def sysctl(self, key, value=None):
        # sh in the namespace: /proc/sys/net is that of the process that opens it
        if value is not None:
            self.net.do("sh", "-c", f"echo {value} >/proc/sys/{key}")
        return self.net.do("cat", f"/proc/sys/{key}").strip()

    def is_right(self):
        for base, lines in RIGHT.items():
            equal(self.rules(base), sorted(lines), f"{base} rules")
        equal(self.sysctl("net/ipv4/conf/all/route_localnet"), "1", "route_localnet")
        equal(self.netconf("check").out, "", "what check prints")


def no_ours(saved):
    for base, lines in saved.items():
        lacks("\n".join(lines), "ECS-", base)


FOREIGN = ("-N DOCKER-USER", "-A FORWARD -j DOCKER-USER", "-A DOCKER-USER -j RETURN", "-A INPUT -j ACCEPT",
           "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j RETURN", "-t nat -A OUTPUT -d 10.9.8.7/32 -j RETURN")


# --- rules and sysctls ---------------------------------------------------------------

@each(**KINDS)
def test_apply_makes_all_rules(kind):
    with Host(kind) as host:
        result = host.netconf("apply")
        host.is_right()
        contains(result.err, "rules for IPv4 made")
        equal(host.root.mode("/run/ecs/netconf.state"), 0o600, "mode of the state")
        equal(host.root.mode("/run/ecs/netconf.lock"), 0o600, "mode of the lock")
        contains(host.root.read("/var/log/ecs/ecs-init.log"), 'msg="rules for IPv6 made"')


@each(**KINDS)
def test_second_apply_changes_nothing_with_two_children(kind):
    with Host(kind) as host:
        host.netconf("apply")
        before, files = host.everything(), host.root.state()
        host.calls()
        result = host.netconf("apply")
        equal(host.calls(), ["iptables-save", "ip6tables-save"], "children")
        equal(result.out + result.err, "", "what it says")
        equal(host.everything(), before, "rules")
        program.same_state(files, host.root.state())


@each(**KINDS)
def test_first_apply_needs_two_children_for_each_family(kind):
    with Host(kind) as host:
        host.calls()
        host.netconf("apply")
        equal(host.calls(), ["iptables-save", "ip6tables-save", "iptables-restore", "ip6tables-restore"], "children")


@each(**KINDS)
def test_remove_leaves_what_was_there_before(kind):
    with Host(kind) as host:
        for rule in FOREIGN:
            host.iptables(rule)
        host.iptables("-A INPUT -i eth7 -j DROP", "ip6tables")
        before = host.everything()
        host.netconf("apply")
        contains("\n".join(host.saved()), "-A DOCKER-USER -j RETURN")
        host.netconf("remove")
        equal(host.everything(), before, "rules")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "0", "route_localnet")
        check(not host.root.has("/run/ecs/netconf.state"), "the state is still there")
        host.calls()
        host.netconf("remove")
        equal(host.calls(), ["iptables-save", "ip6tables-save"], "children of a second remove")
        equal(host.everything(), before, "rules after a second remove")


@each(**KINDS)
def test_remove_where_nothing_is_touches_nothing(kind):
    with Host(kind) as host:
        equal(host.netconf("remove").err, "", "what it says")
        equal(host.everything(), {"iptables": [], "ip6tables": []}, "rules")
        if kind == "legacy":
            equal(host.net.do("cat", "/proc/net/ip_tables_names"), "", "tables that the kernel has made")


@each(**KINDS)
def test_our_jump_comes_before_what_accepts_all(kind):
    with Host(kind) as host:
        for rule in FOREIGN:
            host.iptables(rule)
        host.netconf("apply")
        rules = [line for line in host.saved() if line.startswith("-A INPUT")]
        equal(rules, ["-A INPUT -j ECS-INPUT", "-A INPUT -j ACCEPT"], "INPUT")
        rules = [line for line in host.saved() if line.startswith("-A PREROUTING")]
        equal(rules[-1], "-A PREROUTING -j ECS-PREROUTING", "end of PREROUTING")


DAMAGE = {
    "flushed": ("-F",),
    "nat flushed": ("-t nat -F",),
    "INPUT flushed": ("-F INPUT",),
    "chain emptied": ("-F ECS-INPUT",),
    "rule lost": ("-D ECS-INPUT 2",),
    "order changed": ("-D ECS-INPUT 1", "-A ECS-INPUT -i docker0 -p tcp -m tcp --dport 51678 -j ACCEPT"),
    "foreign rule in our chain": ("-I ECS-INPUT -s 10.0.0.0/8 -j ACCEPT",),
    "jumps doubled": ("-A INPUT -j ECS-INPUT", "-A INPUT -j ECS-INPUT", "-t nat -I OUTPUT -j ECS-OUTPUT"),
    "jump from elsewhere": ("-A FORWARD -i eth0 -g ECS-INPUT",),
    "jump between our chains": ("-t nat -A ECS-OUTPUT -j ECS-PREROUTING",),
    "all of it": ("-t nat -F ECS-OUTPUT", "-t nat -A ECS-OUTPUT -j ECS-PREROUTING", "-A FORWARD -g ECS-INPUT",
                  "-A INPUT -j ECS-INPUT", "-F ECS-INPUT"),
    "nat table never made": ("-t nat -F", "-t nat -X ECS-OUTPUT", "-t nat -X ECS-PREROUTING"),
}


@each(**{f"{name}, {kind}": (name, kind) for name in DAMAGE for kind in KINDS})
def test_damage_is_told_and_mended(name, kind):
    with Host(kind) as host:
        host.netconf("apply")
        for rule in DAMAGE[name]:
            host.iptables(rule)
        result = host.netconf("check", code=1)
        contains(result.out, "IPv4: ")
        lacks(result.out, "IPv6: ")
        host.netconf("apply")
        host.is_right()
        for rule in DAMAGE[name]:
            host.iptables(rule)
        host.netconf("remove")
        no_ours(host.everything())


@each(**KINDS)
def test_comment_that_looks_like_a_jump(kind):
    with Host(kind) as host:
        host.netconf("apply")
        comment = [tool("iptables", kind), "-A", "FORWARD", "-m", "comment", "--comment"]
        host.net.do(*comment, 'x "-j ECS-INPUT" \\ y', "-j", "RETURN")
        host.netconf("check")
        host.net.do(*comment, 'x " \\ y', "-j", "ECS-INPUT")
        host.netconf("remove")
        no_ours({"iptables": [line for line in host.saved() if "RETURN" not in line]})
        contains("\n".join(host.saved()), "RETURN")


def test_show_is_input_for_the_hosts_own_tool():
    with Host("nft") as host:
        text = host.netconf("show").out
        check(not host.calls(), "show needs no tool")
        ipv4, _, ipv6 = text.partition("# ip6tables-restore")
        host.net.do(tool("iptables-restore", "nft"), "--noflush", input=ipv4)
        host.net.do(tool("ip6tables-restore", "nft"), "--noflush", input="#" + ipv6)
        host.sysctl("net/ipv4/conf/all/route_localnet", 1)
        host.is_right()


# --- settings ------------------------------------------------------------------------

@each(**KINDS)
def test_switches_take_rules_away(kind):
    with Host(kind) as host:
        host.netconf("apply")
        host.root.write("/etc/ecs/ecs.config", "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER=true\n")
        host.netconf("check", code=1)
        host.netconf("apply")
        equal([line for line in host.rules() if "conntrack" in line], [], "localhost filter")
        host.root.write("/etc/ecs/ecs.config", "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER=true\n"
                                               "ECS_ALLOW_OFFHOST_INTROSPECTION_ACCESS=1\n")
        host.netconf("apply")
        equal([line for line in host.saved() if "ECS-INPUT" in line], [], "INPUT of IPv4")
        equal([line for line in host.saved("ip6tables") if "ECS-" in line], [], "IPv6")
        host.netconf("apply", env={"ECS_SKIP_LOCALHOST_TRAFFIC_FILTER": "0",
                                   "ECS_ALLOW_OFFHOST_INTROSPECTION_ACCESS": "F"})
        equal(host.rules(), sorted(RIGHT["iptables"]), "rules")


def test_switch_that_is_no_bool_is_told():
    with Host("nft") as host:
        host.root.write("/etc/ecs/ecs.config", "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER=yes\n")
        contains(host.netconf("apply").err, "'yes' is neither true nor false; taken as false")
        host.netconf("check")
        equal(host.rules(), sorted(RIGHT["iptables"]), "rules")


@each(**KINDS)
def test_other_bridge_and_none(kind):
    with Host(kind) as host:
        host.netconf("--bridge", "br-0a1b2c3d4e5f", "apply")
        contains("\n".join(host.saved()), "-A ECS-INPUT -i br-0a1b2c3d4e5f -p tcp")
        host.netconf("--bridge", "none", "apply")
        equal([line for line in host.rules() + host.rules("ip6tables") if " -i br" in line], [], "rules with a bridge")
        host.netconf("--bridge", "none", "check")
        host.netconf("--bridge", "a b", "apply", code=2)


def test_bridge_ignores_router_advertisements():
    with Host("nft") as host:
        host.net.do("ip", "link", "add", "docker0", "type", "bridge")
        host.sysctl("net/ipv6/conf/docker0/accept_ra", 2)
        contains(host.netconf("check", code=1).out, "net/ipv6/conf/docker0/accept_ra is 2, wanted 0")
        host.netconf("apply")
        equal(host.sysctl("net/ipv6/conf/docker0/accept_ra"), "0", "accept_ra")
        host.netconf("apply")
        host.netconf("remove")
        equal(host.sysctl("net/ipv6/conf/docker0/accept_ra"), "2", "accept_ra after remove")


def test_sysctl_that_was_set_before_stays_set():
    with Host("nft") as host:
        host.sysctl("net/ipv4/conf/all/route_localnet", 1)
        host.netconf("apply")
        host.netconf("remove")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "1", "route_localnet")


# --- what may go wrong ---------------------------------------------------------------

@each(**KINDS)
def test_killed_at_any_point_the_next_apply_mends(kind):
    with Host(kind) as host:
        dice = random.Random(1)
        for _ in range(20):
            if dice.random() < 0.5:
                host.netconf("remove")
            child = host.start(dice.choice(["apply", "apply", "remove"]))
            time.sleep(dice.uniform(0, 0.03))
            child.kill()
            child.wait()
            host.netconf("apply")
            for base, lines in RIGHT.items():
                equal(host.rules(base), sorted(lines), f"{base} rules")


@each(**KINDS)
def test_many_at_once_make_one_set(kind):
    with Host(kind) as host:
        children = [host.start("apply") for _ in range(6)]
        equal([child.wait(30) for child in children], [0] * 6, "exit codes")
        host.is_right()


@each(**KINDS)
def test_extension_that_is_missing_is_named_before_anything_changes(kind):
    with Host(kind) as host, tempfile.TemporaryDirectory() as folder:
        before = host.everything()
        for source in ("libxt_tcp.so", "libxt_DNAT.so", "libxt_REDIRECT.so", "libxt_standard.so", "libxt_NAT.so"):
            for path in (glob.glob(f"/usr/lib*/xtables/{source}") + glob.glob(f"/usr/lib/*/xtables/{source}"))[:1]:
                os.symlink(path, f"{folder}/{source}")
        result = host.netconf("apply", env={"XTABLES_LIBDIR": folder}, code=1)
        equal(result.err, "ecs-netconf: apply rules: match 'conntrack': extension 'libxt_conntrack.so' not installed "
                          "(package iptables)\n", "what it says")
        equal(host.everything(), before, "rules")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), "0", "route_localnet")


def test_right_host_is_not_asked_for_extensions():
    with Host("nft") as host:
        host.netconf("apply")
        for name in ("iptables-save", "ip6tables-save"):
            # the tools themselves need their extensions, ecs-netconf shall not
            with open(f"{host.bin}/{name}", "w") as script:
                script.write(f'#!/bin/sh\nunset XTABLES_LIBDIR\nexec {tool(name, "nft")} "$@"\n')
        host.netconf("apply", env={"XTABLES_LIBDIR": "/nonexistent"})


def test_no_iptables():
    with Host("nft", tools=()) as host:
        contains(host.netconf("apply", code=1).err, "apply rules: run 'iptables-save': not found (package iptables)")
        contains(host.netconf("check", code=1).err, "check rules: run 'iptables-save': not found (package iptables)")
        host.netconf("remove")


@each(**KINDS)
def test_no_ip6tables(kind):
    with Host(kind, tools=("iptables",)) as host:
        contains(host.netconf("apply").err, "rules for IPv6 left out: ip6tables-save not found (package iptables)")
        equal(host.rules(), sorted(RIGHT["iptables"]), "rules")
        equal(host.saved("ip6tables"), [], "rules of IPv6")
        host.netconf("check")
        host.netconf("remove")
        no_ours(host.everything())


def test_second_family_that_fails():
    with Host("nft") as host:
        with open(f"{host.bin}/ip6tables-restore", "w") as script:
            script.write("#!/bin/sh\necho 'ip6tables-restore: line 5 failed' >&2\nexit 1\n")
        result = host.netconf("apply", code=1)
        contains(result.err, "apply rules: change IPv6 rules: run 'ip6tables-restore': "
                             "ip6tables-restore: line 5 failed")
        equal(host.rules(), sorted(RIGHT["iptables"]), "rules of IPv4")
        host.wrap("ip6tables-restore", tool("ip6tables-restore", "nft"))
        host.netconf("apply")
        host.is_right()


def test_table_that_iptables_cannot_read_is_left_alone():
    with Host("nft") as host:
        nft = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin") or skip("nft is not installed")
        host.net.do(nft, "add table ip filter; add chain ip filter INPUT { type filter hook input priority 0; };"
                         "add rule ip filter INPUT meter x { ip saddr limit rate 5/second } accept")
        before = host.net.do(nft, "list", "ruleset")
        check("incompatible" in host.net.do(tool("iptables-save", "nft")), "iptables reads it after all")
        result = host.netconf("apply", code=1)
        contains(result.err, "apply rules: read IPv4 rules: table 'filter' holds rules made with nft that iptables "
                             "cannot read")
        equal(host.net.do(nft, "list", "ruleset"), before, "ruleset")


def test_lock_of_xtables_is_waited_for():
    with Host("legacy") as host, open("/run/xtables.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = host.start("apply")
        time.sleep(0.7)
        check(child.poll() is None, "it did not wait")
        fcntl.flock(lock, fcntl.LOCK_UN)
        equal(child.wait(15), 0, "exit code")
        host.is_right()


def test_only_root_may():
    with Host("legacy") as host:
        os.chmod(host.root.path, 0o755)
        for verb in ("apply", "remove", "check"):
            argv = ["setpriv", "--reuid", "65534", "--clear-groups", host.binary, "--root", host.root.path, verb]
            contains(program.run(argv).exits(1).err, f"{verb} rules: must be root")


# --- packets -------------------------------------------------------------------------

class Wires:
    """The instance (host.net) with a neighbour on eth0 and a container on docker0."""

    def __init__(self, host):
        self.host = host

    def __enter__(self):
        self.life = contextlib.ExitStack()
        with contextlib.ExitStack() as life:
            self.neighbour = self.link(life, "eth0", "10.0.0.", "fd00::")
            self.container = self.link(life, "docker0", "172.17.0.", "fd17::")
            # local packets for 169.254.170.2 need some route before they are redirected
            self.host.net.do("ip", "route", "add", "default", "via", "10.0.0.2")
            self.servers = [life.enter_context(contextlib.closing(self.host.net.listen(*at))) for at in (
                ("0.0.0.0", INTROSPECTION), ("127.0.0.1", CREDENTIALS), ("127.0.0.1", 8080))]
            if os.path.exists("/proc/sys/net/ipv6"):
                with self.host.net.entered():
                    server = socket.socket(socket.AF_INET6)
                life.callback(server.close)
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                server.bind(("::", INTROSPECTION))
                server.listen(16)
            self.life = life.pop_all()
        return self

    def __exit__(self, *_):
        self.life.close()

    def link(self, life, name, ipv4, ipv6):
        other = Namespace()
        life.callback(other.end)
        mine = self.host.net
        mine.do("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(other.holder.pid))
        for net, link, number in ((mine, name, 1), (other, "eth0", 2)):
            net.do("ip", "addr", "add", f"{ipv4}{number}/24", "dev", link)
            net.do("ip", "-6", "addr", "add", f"{ipv6}{number}/64", "dev", link, "nodad")
            net.do("ip", "link", "set", link, "up")
        other.do("ip", "route", "add", "default", "via", f"{ipv4}1")
        # an evil one: sends 127.0.0.1 out of the wire (lo is down, so it has no such address)
        other.do("ip", "route", "add", "127.0.0.1/32", "via", f"{ipv4}1")
        other.do("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet")
        tap.wait_until(lambda: "LOWER_UP" in mine.do("ip", "link", "show", name), 5, f"{name} is up")
        return other

    def matrix(self):
        host, neighbour, container = self.host.net, self.neighbour, self.container
        return answered({
            "neighbour to introspection": neighbour.knock("10.0.0.1", INTROSPECTION),
            "neighbour to introspection, IPv6": neighbour.knock("fd00::1", INTROSPECTION),
            "neighbour to 127.0.0.1": neighbour.knock("127.0.0.1", 8080),
            "container to introspection": container.knock("172.17.0.1", INTROSPECTION),
            "container to introspection, IPv6": container.knock("fd17::1", INTROSPECTION),
            "container to 127.0.0.1": container.knock("127.0.0.1", 8080),
            "container to credentials": container.knock("169.254.170.2", 80),
            "host to credentials": host.knock("169.254.170.2", 80),
            "host to introspection": host.knock("127.0.0.1", INTROSPECTION),
            "host to 127.0.0.1": host.knock("127.0.0.1", 8080),
        })


BEFORE = {
    "neighbour to introspection": True, "neighbour to introspection, IPv6": True, "neighbour to 127.0.0.1": False,
    "container to introspection": True, "container to introspection, IPv6": True, "container to 127.0.0.1": False,
    "container to credentials": False, "host to credentials": False, "host to introspection": True,
    "host to 127.0.0.1": True,
}
APPLIED = {**BEFORE, "neighbour to introspection": False, "neighbour to introspection, IPv6": False,
           "container to credentials": True, "host to credentials": True}
# what the localhost filter is for: route_localnet alone lets everybody in
UNFILTERED = {**APPLIED, "neighbour to 127.0.0.1": True, "container to 127.0.0.1": True}


@each(**KINDS)
def test_packets(kind):
    if not os.path.exists("/proc/sys/net/ipv6"):
        skip("the kernel runs without IPv6")
    with Host(kind) as host, Wires(host) as wires:
        equal(wires.matrix(), BEFORE, "before")
        host.netconf("apply")
        equal(wires.matrix(), APPLIED, "applied")
        host.netconf("apply", env={"ECS_SKIP_LOCALHOST_TRAFFIC_FILTER": "true"})
        equal(wires.matrix(), UNFILTERED, "without the localhost filter")
        host.netconf("remove")
        equal(wires.matrix(), BEFORE, "removed")


if __name__ == "__main__":
    tap.main()
