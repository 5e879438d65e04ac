"""ecs-netconf in network namespaces of its own, with each kind of backend, and wires to knock by."""
import contextlib
import ctypes
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time

import program
import tap
from tap import check, equal, lacks, skip

CLONE_NEWNET = 0x40000000
LOST = 0.6  # seconds after which a packet without an answer counts as dropped
KINDS = {"nft": "nft", "legacy": "legacy"}         # of iptables
BACKENDS = {**KINDS, "nftables": "nftables"}        # the last: a host without iptables
INTROSPECTION, CREDENTIALS = 51678, 51679

RIGHT = {
    "iptables": [
        "*filter -A ECS-INPUT ! -i lo -p tcp -m tcp --dport 51678 -j DROP",
        "*filter -A ECS-INPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack "
        "! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
        "*filter -A ECS-INPUT -d 127.0.0.1/32 -p tcp -m tcp --dport 51679 -m conntrack --ctstate DNAT -j ACCEPT",
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

NFT = shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin:/bin")
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
        if ":" in address:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(1000)     # nobody accepts
        return server

    def knock(self, address, port):
        """Begins a TCP connection; answered() tells what came of it."""
        with self.entered():
            client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        client.setblocking(False)
        client.connect_ex((address, port))
        return client

    def reaches(self, address, port):
        return answered({0: self.knock(address, port)})[0]


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
        if kind == "nftables":
            tools = ()
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
        """As the packages have it: a link, whose target's name says which kind it is."""
        multi = f"{self.bin}/{name}.d/xtables-{self.kind}-multi"
        os.makedirs(os.path.dirname(multi), exist_ok=True)
        with open(multi, "w") as script:
            script.write(f'#!/bin/sh\necho {name} >>{self.bin}/calls\nexec {path} "$@"\n')
        os.chmod(multi, 0o755)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.bin}/{name}")
        os.symlink(multi, f"{self.bin}/{name}")

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

    def nft(self, text):
        return self.net.do(NFT or skip("nft is not installed"), text)

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
        if self.kind == "nftables":
            equal(self.netconf("check").out, "# backend: nftables\n", "what check prints")
            equal(sorted(self.nft("list tables").splitlines()), ["table ip ecs-bootstrap", "table ip6 ecs-bootstrap"], "tables")
            return
        for base, lines in RIGHT.items():
            equal(self.rules(base), sorted(lines), f"{base} rules")
        equal(self.sysctl("net/ipv4/conf/all/route_localnet"), "1", "route_localnet")
        equal(self.netconf("check").out, f"# backend: iptables ({self.kind})\n", "what check prints")


def no_ours(saved):
    for base, lines in saved.items():
        lacks("\n".join(lines), "ECS-", base)


FOREIGN = ("-N DOCKER-USER", "-A FORWARD -j DOCKER-USER", "-A DOCKER-USER -j RETURN", "-A INPUT -j ACCEPT",
           "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j RETURN", "-t nat -A OUTPUT -d 10.9.8.7/32 -j RETURN")


VPC = {"metadata": ("169.254.169.254", 80), "metadata, IPv6": ("fd00:ec2::254", 80), "VPC's DNS": ("169.254.169.253", 53)}
PRIVATE = 8080      # something of the host that listens on loopback alone


class Wires:
    """The instance (host.net) between a LAN and its tasks, each party a network namespace:

        neighbour --- eth0 | docker0 --- container | br-0123456789ab --- user_container | ecs-bridge --- task

    The neighbour is also the VPC: it has the metadata service and the DNS server. Everybody but the host is evil and
    sends 127.0.0.1 out of the wire."""

    def __init__(self, host, bridge="docker0"):
        self.host, self.bridge = host, bridge

    def __enter__(self):
        self.life = contextlib.ExitStack()
        with contextlib.ExitStack() as life:
            self.build(life)
            self.life = life.pop_all()
        return self

    def __exit__(self, *_):
        self.life.close()

    def build(self, life):
        mine = self.host.net
        self.neighbour = self.party(life, "eth0", None, "10.0.0.", 24, "fd00::")
        self.container = self.party(life, "veth1", self.bridge, "172.17.0.", 16, "fd17::")
        self.user_container = self.party(life, "veth2", "br-0123456789ab", "172.18.0.", 16, "fd18::")
        self.task = self.party(life, "veth3", "ecs-bridge", "169.254.172.", 22, "fd19::")
        mine.do("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding || true")
        # local packets for 169.254.170.2 need some route before they are redirected
        mine.do("ip", "route", "add", "default", "via", "10.0.0.2")
        mine.do("ip", "-6", "route", "add", "fd00:ec2::/32", "via", "fd00::2")
        for address in (a for a, _ in VPC.values()):
            self.neighbour.do("ip", "addr", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
        servers = [mine.listen("0.0.0.0", INTROSPECTION), mine.listen("127.0.0.1", CREDENTIALS), mine.listen("127.0.0.1", PRIVATE),
                   mine.listen("::", INTROSPECTION), *(self.neighbour.listen(*at) for at in VPC.values())]
        for server in servers:
            life.enter_context(contextlib.closing(server))

    def party(self, life, name, bridge, ipv4, bits, ipv6):
        other, mine, gateway = Namespace(), self.host.net, name
        life.callback(other.end)
        mine.do("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(other.holder.pid))
        if bridge:
            mine.do("ip", "link", "add", bridge, "type", "bridge")
            mine.do("ip", "link", "set", name, "master", bridge)
            mine.do("ip", "link", "set", name, "up")
            gateway = bridge
        for net, link, number in ((mine, gateway, 1), (other, "eth0", 2)):
            net.do("ip", "addr", "add", f"{ipv4}{number}/{bits}", "dev", link)
            net.do("ip", "-6", "addr", "add", f"{ipv6}{number}/64", "dev", link, "nodad")
            net.do("ip", "link", "set", link, "up")
        other.do("ip", "route", "add", "default", "via", f"{ipv4}1")
        other.do("ip", "-6", "route", "add", "default", "via", f"{ipv6}1")
        # lo is down, so the party has no such address of its own
        other.do("ip", "route", "add", "127.0.0.1/32", "via", f"{ipv4}1")
        other.do("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet")
        other.gateways = f"{ipv4}1", f"{ipv6}1"
        tap.wait_until(lambda: "LOWER_UP" in mine.do("ip", "link", "show", gateway), 5, f"{gateway} is up")
        return other

    def parties(self):
        host = self.host.net
        host.gateways = "127.0.0.1", "::1"
        return {"host": host, "container": self.container, "user container": self.user_container, "awsvpc task": self.task,
                "neighbour": self.neighbour}

    def matrix(self):
        """{what: the names of those who reach it}"""
        what = {"credentials": ("169.254.170.2", 80), "127.0.0.1": ("127.0.0.1", PRIVATE),
                "credentials by 127.0.0.1": ("127.0.0.1", CREDENTIALS), **VPC}
        clients = {}
        for name, party in self.parties().items():
            ends = {**what, "introspection": (party.gateways[0], INTROSPECTION),
                    "introspection, IPv6": (party.gateways[1], INTROSPECTION)}
            for target, at in ends.items():
                if not (party is self.neighbour and target in VPC):
                    clients[target, name] = party.knock(*at)
        reached = answered(clients)
        return {target: {name for (t, name), there in reached.items() if t == target and there}
                for target in dict.fromkeys(t for t, _ in clients)}

    def show(self, title, matrix):
        """As TAP comments: a row for each target, a column for each party."""
        names = list(self.parties())
        print(f"# {title}".ljust(36) + "".join(f"{name:>16}" for name in names))
        for target, who in matrix.items():
            print(f"#   {target}".ljust(36) + "".join(f"{'yes' if name in who else '-':>16}" for name in names), flush=True)
