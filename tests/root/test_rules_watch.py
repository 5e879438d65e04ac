"""Rules that others take away come back while the supervisor runs; who fights over them is slowed down."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap
from host import Host, Supervised
from instance import BUILD, find
from tap import check, contains, each, equal, lacks, matches, skip, wait_until

TOOLS = [family + verb for family in ("iptables", "ip6tables") for verb in ("", "-save", "-restore")]
BACK = 1.0          # seconds until all rules are back
FIGHT = 9           # seconds that one lasts
QUIET = 10          # seconds of an idle supervisor that are looked at
FIGHTER = """
trap 'exit 0' TERM
while :; do iptables -D INPUT -j ECS-INPUT 2>/dev/null && echo deleted; sleep 0.02; done
"""


class Watched(Host):
    """An instance with one kind of iptables, its rules made, and `ecs-netconf check` for it."""

    def __init__(self, kind="nft"):
        tools = {name: find(re.sub(r"tables", f"tables-{kind}", name)) for name in TOOLS}
        for name in [name for name, path in tools.items() if not path]:
            skip(f"{name} of kind {kind} is not installed")
        self.folder_of_programs = tempfile.mkdtemp(prefix="ecs-programs-")
        for name in os.listdir(os.path.join(BUILD, "bin")):
            os.symlink(os.path.join(BUILD, "bin", name), f"{self.folder_of_programs}/{name}")
        for name, path in tools.items():
            os.symlink(path, f"{self.folder_of_programs}/{name}")
        super().__init__(loaded=True, programs=self.folder_of_programs)
        self.kind = kind

    def __enter__(self):
        try:
            return super().__enter__()
        except BaseException:
            shutil.rmtree(self.folder_of_programs)
            raise

    def __exit__(self, *what):
        super().__exit__(*what)
        shutil.rmtree(self.folder_of_programs, ignore_errors=True)

    def differs(self):
        """What `ecs-netconf check` finds; "" if all is right."""
        result = self.run(["ecs-netconf", "check"])
        found = "".join(line for line in result.stdout.splitlines(True) if not line.startswith("#"))
        check(result.returncode == (1 if found else 0), f"check: {result.returncode}: {result.stderr}")
        return found

    @contextlib.contextmanager
    def supervised(self):
        self.verb("pre-start")
        equal(self.differs(), "", "differences after pre-start")
        with Supervised(self) as supervisor:
            supervisor.wait_ready()
            time.sleep(1.5)     # its first look is over
            yield supervisor


def mended(host, supervisor, command, seconds=BACK):
    """Runs COMMAND, which must break the rules, and waits until all are right again; seconds from its end."""
    said = len(supervisor.log)
    host.shell(command)
    gone = time.monotonic()

    def back():
        return "restored in" in supervisor.log[said:] and not host.differs()
    wait_until(back, seconds + 5, f"the rules are back after: {command}\n{supervisor.log}")
    took = time.monotonic() - gone
    check(took < seconds, f"{command}: back after {took:.2f} s")
    return took


FLUSHES = {
    "filter": "iptables -F",
    "nat": "iptables -t nat -F",
    "v6": "ip6tables -F",
    "jump": "iptables -D INPUT -j ECS-INPUT",
    "chain": "iptables -F INPUT; iptables -F ECS-INPUT; iptables -X ECS-INPUT",
    "all": "for t in filter nat; do iptables -t $t -F; iptables -t $t -X || :; done",
    "foreign_rule": "iptables -A ECS-INPUT -p tcp --dport 51678 -j ACCEPT",
    "restore": "iptables-restore </dev/null; printf '*filter\\nCOMMIT\\n*nat\\nCOMMIT\\n' | iptables-restore",
}


@each(nft=("nft", 0), nft_more=("nft", 1), legacy=("legacy", 0), legacy_more=("legacy", 1))
def test_flushes_are_mended_within_a_second(kind, half):
    commands = dict(list(FLUSHES.items())[half::2])     # more in a row would be a fight
    with Watched(kind) as host, host.supervised() as supervisor:
        times = {name: mended(host, supervisor, command) for name, command in commands.items()}
        tap.say("# " + kind + ": " + ", ".join(f"{name} {took * 1000:.0f} ms" for name, took in times.items()))
        equal(supervisor.log.count("rules were changed"), len(commands), "lines in the log")
        lacks(supervisor.log, "again and again", "log")
        if kind == "nft":
            matches(supervisor.log, r"rules were changed by 'ip6?tables' \(pid \d+\); restored in \d+ ms", "log")


def test_nft_flush_ruleset():
    if not find("nft"):
        skip("nft is not installed")
    with Watched() as host, host.supervised() as supervisor:
        took = mended(host, supervisor, "nft flush ruleset")
        # what firewalld does when it is reloaded: all away and its own back, at once
        again = mended(host, supervisor, "printf 'flush ruleset\\ntable inet firewalld { chain filter_INPUT { "
                       "type filter hook input priority 10; policy accept;\\n }\\n }\\n' | nft -f -")
        tap.say(f"# nft flush ruleset {took * 1000:.0f} ms, as firewalld's reload {again * 1000:.0f} ms")
        matches(supervisor.log, r"rules were changed by 'nft' \(pid \d+\); restored in \d+ ms", "log")


@each(nft="nft", legacy="legacy")
def test_restart_of_dockerd(kind):
    with Watched(kind) as host, host.supervised() as supervisor:
        host.stop_docker()
        mended(host, supervisor, "iptables -F; iptables -t nat -F")
        host.start_docker()
        wait_until(lambda: not host.differs(), 1, "right after dockerd's start")
        supervisor.stays("Docker was restarted")


def test_sysctl_is_mended_with_the_rules():
    with Watched() as host, host.supervised() as supervisor:
        host.shell("sysctl -qw net.ipv4.conf.all.route_localnet=0 net.ipv4.conf.docker0.route_localnet=0")
        if not host.differs():
            skip("route_localnet is not what ecs-netconf keeps here")
        mended(host, supervisor, "iptables -t nat -F ECS-PREROUTING")


def test_foreign_rules_are_left_alone_and_start_nothing():
    with Watched() as host, host.supervised() as supervisor:
        host.shell("iptables -N DOCKER-X; iptables -A DOCKER-X -j RETURN; iptables -t nat -A POSTROUTING -j RETURN")
        saved = host.rules()
        time.sleep(0.5)
        equal(host.rules(), saved, "rules")
        lacks(supervisor.log, "rules", "log")


def test_removed_on_purpose_stays_removed():
    with Watched() as host, host.supervised() as supervisor:
        host.run(["ecs-netconf", "remove"])
        time.sleep(1.5)
        lacks("\n".join(host.rules()["iptables"]), "ECS-", "rules")
        lacks(supervisor.log, "restored", "log")


def test_one_that_cannot_be_mended_is_told_of_and_given_time():
    with Watched() as host, host.supervised() as supervisor:
        # an iptables-save that fails, as when a module is gone
        save = f"{host.folder_of_programs}/iptables-save"
        os.unlink(save)
        with open(save, "w") as script:
            script.write("#!/bin/sh\necho 'no such thing' >&2\nexit 1\n")
        os.chmod(save, 0o755)
        host.shell("iptables -F")
        wait_until(lambda: "cannot be checked or restored now" in supervisor.log, 2, "told")
        time.sleep(2)
        check(supervisor.log.count("no such thing") <= 3, supervisor.log)
        os.unlink(save)
        os.symlink(find("iptables-nft-save"), save)
        wait_until(lambda: not host.differs(), 6, "mended at last")
        equal(supervisor.log.count("cannot be checked or restored now"), 1, "told so often")


def cpu_seconds(pid):
    """Of a process and its reaped children."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


@each(nft="nft", legacy="legacy")
def test_a_fight_is_slowed_down_and_told_of_once(kind):
    with Watched(kind) as host, host.supervised() as supervisor:
        before = cpu_seconds(supervisor.pid)
        fighter = host.popen(["/bin/sh", "-c", FIGHTER], stdout=subprocess.PIPE, text=True)
        time.sleep(FIGHT)
        fighter.terminate()
        deleted = fighter.communicate()[0].count("deleted")
        spent = cpu_seconds(supervisor.pid) - before
        tap.say(f"# {kind}: {FIGHT} s of fight: {deleted} repairs, {spent * 1000:.0f} ms of processor time with children")
        # 5 at once, one that makes it a fight, then after 1, 2 and 4 s
        tap.between(deleted, 6, 11, "rounds of the fight")
        equal(supervisor.log.count("again and again"), 1, "reports")
        check(supervisor.log.count("rules were changed") <= 5, "lines in the log:\n" + supervisor.log)
        if kind == "nft":
            matches(supervisor.log, r"restored \d+ times in \d+ s, by 'iptables' \(\d+ times\)", "log")
        check(spent < 1.5, f"{spent} s of processor time")
        supervisor.stays("somebody fights over the rules")


def syscalls(pid, seconds):
    out = tempfile.NamedTemporaryFile("r")
    subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-f", "-qq", "-o", out.name, "-p", str(pid)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with out:
        # the call that it slept in when strace came and went is none of its own
        return [line for line in out if "resumed>" not in line and "<unfinished" not in line and "(" in line
                and "<detached" not in line]


def test_idle_supervisor_makes_no_system_calls():
    if not find("strace"):
        skip("strace is not installed")
    with Watched() as host, host.supervised() as supervisor:
        calls = syscalls(supervisor.pid, QUIET)
        tap.say(f"# {len(calls)} system calls in {QUIET} s")
        check(len(calls) <= 2, "".join(calls))


def test_idle_supervisor_beside_tables_of_the_older_kind():
    if not find("strace"):
        skip("strace is not installed")
    with Watched("legacy") as host, host.supervised() as supervisor:
        calls = syscalls(supervisor.pid, QUIET)
        tap.say(f"# {len(calls)} system calls in {QUIET} s")
        contains("".join(calls), "getsockopt", "calls")
        check(len(calls) / QUIET < 16, f"{len(calls)} calls")


if __name__ == "__main__":
    tap.main()
