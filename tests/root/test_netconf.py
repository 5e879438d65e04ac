"""ecs-netconf with iptables against the real kernel, in network namespaces of its own, with both kinds of iptables."""
import fcntl
import glob
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import program
import tap
from netns import BACKENDS, FOREIGN, KINDS, RIGHT, Host, no_ours, tool
from tap import check, contains, each, equal, lacks, skip

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
def test_second_apply_changes_nothing_with_two_children_at_most(kind):
    with Host(kind) as host:
        host.netconf("apply")
        equal(host.calls(), ["iptables-restore", "ip6tables-restore"], "children of the first one")
        before, files = host.everything(), host.root.state()
        host.calls()
        result = host.netconf("apply")
        # nf_tables counts its changes: as long as it counts none but ours, nothing is looked at
        equal(host.calls(), [] if kind == "nft" else ["iptables-save", "ip6tables-save"], "children")
        equal(result.out + result.err, "", "what it says")
        equal(host.everything(), before, "rules")
        program.same_state(files, host.root.state())


def test_what_others_change_while_we_change_is_looked_at():
    with Host("nft") as host:
        meddler = f"{host.bin}/meddler"
        with open(meddler, "w") as script:
            script.write(f'#!/bin/sh\n{tool("iptables-restore", "nft")} "$@" && {tool("iptables", "nft")} -t nat -F ECS-PREROUTING\n')
        os.chmod(meddler, 0o755)
        host.wrap("iptables-restore", meddler)
        host.netconf("apply")
        host.wrap("iptables-restore", tool("iptables-restore", "nft"))
        host.calls()
        contains(host.netconf("apply").err, "rules for IPv4 made")
        equal(host.calls(), ["iptables-save", "ip6tables-save", "iptables-restore"], "children")
        host.is_right()


def test_what_others_change_is_looked_at():
    with Host("nft") as host:
        for _ in range(3):
            host.netconf("apply")
        host.calls()
        host.iptables("-A FORWARD -i eth7 -j DROP")
        host.netconf("apply")
        equal(host.calls(), ["iptables-save", "ip6tables-save"], "children")
        host.iptables("-D FORWARD -i eth7 -j DROP")
        host.iptables("-F ECS-INPUT")
        host.netconf("apply")
        host.is_right()
        host.root.write("/etc/ecs/netconf.conf", "BLOCK_INSTANCE_METADATA=true\n")
        host.netconf("apply")
        host.netconf("apply")
        contains("\n".join(host.rules()), "*mangle -A ECS-FORWARD -d 169.254.169.254/32 -j DROP")
        host.root.write("/etc/ecs/netconf.conf", "")
        host.netconf("apply")
        host.is_right()


@each(**KINDS)
def test_first_apply_needs_one_child_for_each_family(kind):
    with Host(kind) as host:
        host.calls()
        host.netconf("apply")
        equal(host.calls(), ["iptables-restore", "ip6tables-restore"], "children")


def test_first_apply_beside_docker_needs_no_more():
    with Host("nft") as host:
        for rule in FOREIGN:
            host.iptables(rule)
        host.iptables("-N DOCKER-USER", "ip6tables")
        host.calls()
        host.netconf("apply")
        equal(host.calls(), ["iptables-restore", "ip6tables-restore"], "children")


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
        equal(host.calls(), [] if kind == "nft" else ["iptables-save", "ip6tables-save"], "children of a second remove")
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
        contains(text, "# ip route add 169.254.170.2/32 dev lo scope link\n")
        host.net.do("ip", "route", "add", "169.254.170.2/32", "dev", "lo", "scope", "link")
        host.is_right()


# --- settings ------------------------------------------------------------------------

@each(**KINDS)
def test_switches_take_rules_away(kind):
    with Host(kind) as host:
        host.netconf("apply")
        host.root.write("/etc/ecs/ecs.config", "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER=true\n")
        host.netconf("check", code=1)
        host.netconf("apply")
        equal([line for line in host.rules() if "RELATED" in line], [], "localhost filter")
        host.root.write("/etc/ecs/ecs.config", "ECS_SKIP_LOCALHOST_TRAFFIC_FILTER=true\n"
                                               "ECS_ALLOW_OFFHOST_INTROSPECTION_ACCESS=1\n")
        host.netconf("apply")
        equal([line for line in host.saved() if "-A ECS-INPUT" in line and "51678" in line], [], "INPUT of IPv4")
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

@each(**BACKENDS)
def test_killed_at_any_point_the_next_apply_mends(kind):
    """KILLS=200 in the environment is the long version."""
    with Host(kind) as host:
        dice = random.Random(1)
        begin = time.monotonic()
        host.netconf("apply")
        whole = time.monotonic() - begin
        for _ in range(int(os.environ.get("KILLS", "15"))):
            if dice.random() < 0.5:
                host.netconf("remove")
            child = host.start(dice.choice(["apply", "apply", "remove"]))
            time.sleep(dice.uniform(0, whole))
            child.kill()
            child.wait()
            host.netconf("apply")
            host.is_right()


@each(**BACKENDS)
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
        host.iptables("-A FORWARD -i eth7 -j DROP")
        host.netconf("apply", env={"XTABLES_LIBDIR": "/nonexistent"})


def test_extensions_are_asked_for_again_only_when_their_folder_changed():
    with Host("nft") as host, tempfile.TemporaryDirectory() as folder:
        for path in glob.glob("/usr/lib*/xtables/lib*.so") + glob.glob("/usr/lib/*/xtables/lib*.so"):
            os.symlink(path, f"{folder}/{os.path.basename(path)}")
        env = {"XTABLES_LIBDIR": folder}
        host.netconf("apply", env=env)
        asked = host.root.read("/run/ecs/netconf.extensions4")
        host.iptables("-F ECS-INPUT")
        host.netconf("apply", env=env)
        host.is_right()
        equal(host.root.read("/run/ecs/netconf.extensions4"), asked, "what is remembered")
        os.unlink(f"{folder}/libxt_conntrack.so")
        host.iptables("-F ECS-INPUT")
        contains(host.netconf("apply", env=env, code=1).err, "match 'conntrack': extension 'libxt_conntrack.so' not installed")


def test_iptables_that_is_asked_for_and_not_there():
    with Host("nft", tools=()) as host:
        host.root.write("/etc/ecs/netconf.conf", "BACKEND=iptables\n")
        host.root.write("/etc/os-release", 'ID="rhel"\nVERSION_ID="9.4"\n')
        says = "find 'iptables-restore', which taskRoles.backend asks for: not installed (package iptables-nft)"
        contains(host.netconf("apply", code=1).err, f"apply rules: {says}")
        contains(host.netconf("check", code=1).err, f"check rules: {says}")
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


UNREADABLE = ("add table ip filter; add chain ip filter INPUT { type filter hook input priority 0; };"
              "add rule ip filter INPUT meter x { ip saddr limit rate 5/second } accept")


def test_table_that_iptables_cannot_read():
    """The rules can be made, but not be compared any more."""
    with Host("nft") as host:
        host.nft(UNREADABLE)
        check("incompatible" in host.net.do(tool("iptables-save", "nft")), "iptables reads it after all")
        host.netconf("apply")
        before = host.nft("list ruleset")
        contains(before, "ip saddr limit rate 5/second")
        host.nft("add table ip other; delete table ip other")
        contains(host.netconf("apply").err, "rules for IPv4 not compared: a table holds rules made with nft that iptables cannot "
                                            "read; all our chains are there")
        equal(host.nft("list ruleset"), before, "ruleset")
        host.nft("flush chain ip nat PREROUTING; flush chain ip nat ECS-PREROUTING; delete chain ip nat ECS-PREROUTING")
        contains(host.netconf("apply", code=1).err, "apply rules: read IPv4 rules: table 'filter' holds rules made with nft "
                                                    "that iptables cannot read")


def test_lock_of_xtables_held_for_long():
    with Host("legacy") as host, open("/run/xtables.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        begin = time.monotonic()
        contains(host.netconf("apply", code=1).err,
                 "apply rules: change IPv4 rules: run 'iptables-restore': another program has held the lock of xtables for 10 s")
        tap.between(time.monotonic() - begin, 9, 25, "seconds")
        fcntl.flock(lock, fcntl.LOCK_UN)
        host.netconf("apply")
        host.is_right()


def test_lock_of_xtables_is_waited_for():
    with Host("legacy") as host, open("/run/xtables.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = host.start("apply")
        time.sleep(0.7)
        check(child.poll() is None, "it did not wait")
        fcntl.flock(lock, fcntl.LOCK_UN)
        equal(child.wait(15), 0, "exit code")
        host.is_right()


@each(**KINDS)
def test_ten_thousand_rules_of_others(kind):
    with Host(kind) as host:
        for base, address in (("iptables", "10.{}.{}.0/24"), ("ip6tables", "fd00:{:x}:{:x}::/48")):
            many = "".join(f"-A MANY-{n % 50} -s {address.format(n // 100, n % 100)} -j ACCEPT\n" for n in range(10000))
            chains = "".join(f":MANY-{n} - [0:0]\n-A FORWARD -j MANY-{n}\n" for n in range(50))
            host.net.do(tool(f"{base}-restore", kind), "--noflush", input=f"*filter\n{chains}{many}COMMIT\n")
        before = {base: host.rules(base) for base in RIGHT}
        for what in ("apply", "apply", "check"):
            host.netconf(what).within(15)
        for base, lines in RIGHT.items():
            equal(len(host.rules(base)), len(before[base]) + len(lines), f"number of {base} rules")
        host.netconf("remove").within(15)
        equal({base: host.rules(base) for base in RIGHT}, before, "rules after remove")


@each(**BACKENDS)
def test_kernel_that_says_no(kind):
    """Root in a container without CAP_NET_ADMIN."""
    with Host(kind) as host:
        setpriv = [shutil.which("setpriv"), "--bounding-set", "-net_admin,-net_raw", "--inh-caps", "-net_admin,-net_raw"]
        argv = host.argv("apply")
        where = argv.index(host.binary)
        result = program.run(argv[:where] + setpriv + argv[where:], env=host.environment(), timeout=60).exits(1)
        tap.matches(result.err, r"^ecs-netconf: apply rules: must have CAP_NET_ADMIN: Operation not permitted$", "what it says")
        equal(len(result.err.splitlines()), 1, "lines")
        host.netconf("apply")
        host.is_right()


def test_only_root_may():
    with Host("legacy") as host:
        os.chmod(host.root.path, 0o755)
        for verb in ("apply", "remove", "check"):
            argv = ["setpriv", "--reuid", "65534", "--clear-groups", host.binary, "--root", host.root.path, verb]
            contains(program.run(argv).exits(1).err, f"{verb} rules: must be root")



if __name__ == "__main__":
    tap.main()
