"""The section `packages`, and what `efs` needs: the list, and how each package manager is asked, in good moods and bad."""

import json
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import bootstrap
import program
import tap
from tap import each, equal, together

LIST = "/run/ecs/packages.json"
EFS = "/run/ecs/efs-mounts.json"
STATE = "/var/lib/ecs/bootstrap/packages.json"
FAMILIES = {"dnf": "fedora", "yum": "rhel", "apt-get": "debian", "zypper": "sles"}
QUERIES = {"dnf": "rpm", "yum": "rpm", "apt-get": "dpkg-query", "zypper": "rpm"}
BUSY = {
    "dnf": "echo 'Failed to obtain the transaction lock (logged in as: root).' >&2; exit 200",
    "yum": "echo 'Existing lock /var/run/yum.pid: another copy is running as pid 8.' >&2; exit 200",
    "apt-get": "echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 8 (apt)' >&2; exit 100",
    "zypper": "echo 'System management is locked by the application with pid 8 (zypper).'; exit 7",
}
UNKNOWN = {
    "dnf": "echo 'Error: Unable to find a match: '$name; exit 1",
    "yum": "echo 'No package '$name' available.'; echo 'Error: Nothing to do' >&2; exit 1",
    "apt-get": "echo 'E: Unable to locate package '$name >&2; exit 100",
    "zypper": "echo \"'$name' not found in package names. Trying capabilities.\"; exit 104",
}
MANAGERS = {name.replace("-", "_"): name for name in FAMILIES}


class Host(bootstrap.Host):
    def __init__(self, manager="dnf", id=None):
        super().__init__(old=None)
        self.manager = manager
        self.write("/etc/os-release", f'ID="{id or FAMILIES.get(manager, "none")}"\n')
        os.makedirs(self.at("/bin"))
        if manager in FAMILIES:
            self.stand_in(manager, "")
            self.installed()

    def stand_in(self, name, script):
        """Each run writes its arguments down; $name is the last one, $turn how many runs of this kind there were."""
        self.write(f"/bin/{name}", f"""#!/bin/sh
printf "%s\\n" "{name} $*" >>{self.at("/calls")}
for name in "$@"; do :; done
[ "$name" = update ] && kind=refresh || kind=install
echo >>{self.at("/turns")}.$kind
turn=$(wc -l <{self.at("/turns")}.$kind)
if [ $kind = refresh ]; then exit 0; fi
{script}
""", 0o755)

    def installed(self, *lines):
        query = QUERIES[self.manager]
        self.write(f"/bin/{query}", f'#!/bin/sh\nprintf "%s\\n" "{query} $*" >>{self.at("/calls")}\nprintf "{"".join(l + chr(92) + "n" for l in lines)}"\nexit 1\n', 0o755)

    def calls(self):
        return self.read("/calls").splitlines() if self.has("/calls") else []

    def names_installed(self):
        return [call.split()[-1] for call in self.calls() if " install " in call]

    def wants(self, *names, instance="i-0123456789abcdef0"):
        self.write(LIST, json.dumps({"instanceId": instance, "packages": names}))

    def argv(self, *arguments):
        return [program.path_of("ecs-bootstrap"), "packages", "--root", self.path, *arguments]

    def env(self, **more):
        return program.environment(PATH=f"{self.at('/bin')}:/usr/bin:/bin", **more)

    def packages(self, *arguments, seconds=20, **env):
        return program.run(self.argv("--timeout", str(seconds), *arguments), self.env(**env), timeout=60)

    def states(self):
        return {name: one["state"] for name, one in json.loads(self.read(STATE))["packages"].items()}

    def cause(self, name):
        return json.loads(self.read(STATE))["packages"][name].get("cause")


class Notify:
    def __init__(self, host):
        self.path = host.at("/notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(15)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def wait(self):
        return self.socket.recv(100).decode()

    def more(self):
        self.socket.settimeout(0.1)
        try:
            return self.socket.recv(100).decode()
        except TimeoutError:
            return ""


# --- config

def document(**sections):
    return json.dumps({"version": 1, **sections})


def test_config_leaves_the_list_and_takes_it_away():
    with Host() as host:
        host.config_of(document(packages=["amazon-ssm-agent", "g++"])).exits(0).says("applied setting 'packages'")
        equal(json.loads(host.read(LIST)), {"packages": ["amazon-ssm-agent", "g++"]})
        before = host.state("/run")
        tap.lacks(host.config_of(document(packages=["amazon-ssm-agent", "g++"])).exits(0).err, "applied")
        program.same_state(before, host.state("/run"))
        host.config_of(document(packages=[])).exits(0)
        equal(host.has(LIST), False, LIST)
        equal(host.calls(), [], "what was run")


@each(removal="nano-", option="-y", shell="a;b", blank="a b", path="/etc/x", regular="^x", empty="")
def test_names_that_are_none(name):
    with Host() as host:
        before = host.state("/etc")
        bootstrap.refused(host.config_of(document(packages=[name])), host, before, r"packages\[0\]: must be a package's name")


# --- the managers

@together
@each(**MANAGERS)
def test_each_manager_installs_what_is_missing_and_once(manager):
    with Host(manager) as host:
        host.installed("there 1.0 installed")
        host.wants("there", "absent")
        host.packages().exits(0).says("package 'there' is installed already\n(.*\n)?.*installed package 'absent'")
        calls = host.calls()
        tap.matches(calls[0], f"^{QUERIES[manager]} .* there absent$")
        equal(host.names_installed(), ["absent"])
        tap.matches(calls[-1], f"^{manager} .*install.* absent$")
        equal(len(calls), 3 if manager == "apt-get" else 2, f"runs: {calls}")
        equal(host.states(), {"there": "installed", "absent": "installed"})
        equal(host.packages().exits(0).err, "")
        equal(host.calls(), calls, "runs after the second time")


def test_apt_gets_its_lists_first_and_asks_nothing():
    with Host("apt-get") as host:
        host.stand_in("apt-get", f'env >{host.at("/env")}')
        host.wants("hello")
        host.packages().exits(0)
        _, refresh, install = host.calls()
        tap.matches(refresh, "^apt-get -q -y .*Error-Mode=any update$")
        tap.matches(install, "^apt-get -q -y .*DPkg::Lock::Timeout=10 .*--no-install-recommends .*--force-confold install hello$")
        tap.contains(host.read("/env"), "DEBIAN_FRONTEND=noninteractive")


@together
@each(**MANAGERS)
def test_busy_is_tried_again(manager):
    with Host(manager) as host:
        host.stand_in(manager, f"[ $turn -ge 3 ] || {{ {BUSY[manager]}; }}")
        host.wants("hello")
        result = host.packages(seconds=40).exits(0)
        equal(len(host.names_installed()), 3, "tries")
        result.says(f"install package 'hello': {manager} ended with [0-9]+: .*(lock|locked).*; trying again")
        result.says("installed package 'hello'")
        equal(host.states(), {"hello": "installed"})
        equal(host.cause("hello"), None)


@together
@each(**MANAGERS)
def test_unknown_one_does_not_hold_up_the_others(manager):
    with Host(manager) as host:
        host.stand_in(manager, f"[ $name = good ] || {{ {UNKNOWN[manager]}; }}")
        host.wants("no-such", "good")
        host.packages().exits(1).says("install package 'no-such': .*no-such").within(10)
        equal(host.states(), {"no-such": "failed", "good": "installed"})
        tap.contains(host.cause("no-such"), "no-such")
        equal(host.names_installed(), ["no-such", "good"], "an unknown one is asked for once")


@together
def test_dead_mirror_ends_at_the_deadline():
    with Host("apt-get") as host:
        host.stand_in("apt-get", "")
        host.write("/bin/apt-get", host.read("/bin/apt-get").replace(
            "if [ $kind = refresh ]; then exit 0; fi", "echo \"E: Failed to fetch http://m/x  Temporary failure resolving 'm'\" >&2; exit 100"), 0o755)
        host.wants("hello")
        host.packages(seconds=4).exits(1).says("Temporary failure resolving 'm'").within(30)
        equal(host.states(), {"hello": "failed"})


@together
def test_fresh_lists_decide_whether_there_is_such_a_package():
    """Without them "Unable to locate" says nothing."""
    with Host("apt-get") as host:
        host.stand_in("apt-get", f"[ $turn -ge 2 ] || {{ {UNKNOWN['apt-get']}; }}")
        host.write("/bin/apt-get", host.read("/bin/apt-get").replace(
            "if [ $kind = refresh ]; then exit 0; fi",
            "[ $kind = install ] || { [ $turn -ge 2 ] && exit 0; echo \"E: Failed to fetch http://m/x  Connection timed out\"; exit 100; }"), 0o755)
        host.wants("hello")
        host.packages().exits(0).says("Connection timed out; trying again")
        equal(host.states(), {"hello": "installed"})


@together
def test_interrupted_dpkg_is_repaired():
    with Host("apt-get") as host:
        host.stand_in("apt-get", "[ $turn -ge 2 ] || { echo \"E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\"; exit 100; }")
        host.write("/bin/dpkg", f'#!/bin/sh\necho "dpkg $*" >>{host.at("/calls")}\n', 0o755)
        host.wants("hello")
        host.packages().exits(0)
        tap.contains("\n".join(host.calls()), "\ndpkg --configure -a\n")


@together
def test_other_failures_are_tried_three_times():
    with Host() as host:
        host.stand_in("dnf", "echo 'Error: transaction failed'; exit 1")
        host.wants("hello")
        host.packages(seconds=60).exits(1).says("Error: transaction failed")
        equal(len(host.names_installed()), 3, "tries")
        equal(host.states(), {"hello": "failed"})


@together
def test_one_that_hangs_is_killed_with_all_it_started():
    with Host() as host:
        host.stand_in("dnf", f"sleep 300 & echo $! >{host.at('/child')}; wait")
        host.wants("hello")
        host.packages(seconds=2).exits(1).says("install: run 'dnf': Connection timed out|install package 'hello'").within(15)
        child = int(host.read("/child"))
        tap.wait_until(lambda: gone(child), 10, "its child is gone")
        equal(host.states(), {"hello": "failed"})


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return ") Z" in file.read()
    except FileNotFoundError:
        return True


@together
def test_what_a_script_leaves_running_is_not_waited_for():
    with Host() as host:
        host.stand_in("dnf", f"sleep 300 & echo $! >{host.at('/child')}")
        host.wants("hello")
        try:
            host.packages().exits(0).within(10)
        finally:
            os.kill(int(host.read("/child")), signal.SIGKILL)


@together
def test_much_output_makes_one_line():
    with Host() as host:
        host.stand_in("dnf", "yes 'noise \x1b[31m noise' | head -c 5000000; printf 'Error: \\033[1mlast\\r\\n'; exit 1")
        host.wants("hello")
        result = host.packages(seconds=1).exits(1)
        for line in result.lines:
            tap.matches(line, "^ecs-bootstrap: [^\x00-\x1f]*$")
            tap.check(len(line) < 800, f"{len(line)} characters")


# --- which instance, which host

def test_another_instance_begins_anew():
    with Host() as host:
        host.wants("hello")
        host.packages().exits(0)
        host.wants("hello", instance="i-00000000000000001")
        host.packages().exits(0)
        equal(host.names_installed(), ["hello", "hello"])
        host.write(LIST, '{"packages": ["hello"]}')
        host.packages().exits(0)
        equal(host.names_installed(), ["hello", "hello"], "where nobody knows, it is the same instance")


def test_what_failed_is_tried_on_the_next_boot():
    with Host() as host:
        host.stand_in("dnf", f"[ $turn -ge 2 ] || {{ {UNKNOWN['dnf']}; }}")
        host.wants("hello")
        host.packages().exits(1)
        host.packages().exits(0)
        equal(host.states(), {"hello": "installed"})


def test_host_without_a_manager():
    with Host("none") as host:
        host.wants("hello")
        env = program.environment(PATH=host.at("/bin"))
        program.run(host.argv(), env).exits(1).says("install package 'hello': there is no dnf, yum, apt-get or zypper here")
        equal(host.states(), {"hello": "failed"})


@each(amazon_linux=("dnf", "amzn", "amazon-efs-utils"), amazon_linux_2=("yum", "amzn", "amazon-efs-utils"),
      debian=("apt-get", "debian", "nfs-common"), rhel=("dnf", "rhel", "nfs-utils"), suse=("zypper", "sles", "nfs-client"))
def test_efs_brings_what_mounts_it(manager, id, package):
    with Host(manager, id) as host:
        host.config_of(document(efs=[{"mountPoint": "/efs", "fileSystemId": "fs-01234567"}])).exits(0)
        host.packages().exits(0)
        equal(host.names_installed(), [package])
        host.config_of(document()).exits(0)
        equal((host.has(EFS), host.has(LIST)), (False, False), "lists")


def test_nothing_to_do():
    with Host() as host:
        equal(host.packages().exits(0).err, "")
        equal(host.calls(), [])


@each(state=("/state", STATE), list=("/list", LIST))
def test_damaged_files(_, path):
    with Host() as host:
        host.wants("hello")
        host.write(path, '{"instanceId": "i-0123456789abcdef0", "packages": [[')
        host.packages().exits(0)
        equal(host.names_installed(), ["hello"] if path == STATE else [])


def test_the_agents_proxy_is_used():
    with Host() as host:
        host.stand_in("dnf", f'env >{host.at("/env")}')
        host.wants("hello")
        host.write("/etc/ecs/ecs.config", "HTTPS_PROXY=http://u:secret@p:1\nNO_PROXY=a,b\n")
        result = host.packages(http_proxy=None, HTTP_PROXY=None, https_proxy=None, ALL_PROXY=None).exits(0)
        env = host.read("/env").splitlines()
        for line in ("https_proxy=http://u:secret@p:1", "HTTPS_PROXY=http://u:secret@p:1", "no_proxy=a,b"):
            tap.check(line in env, f"{line} is not in the environment")
        tap.lacks(result.err + host.read(STATE), "secret")


# --- systemd

def test_ready_when_all_is_done():
    with Host() as host, Notify(host) as notify:
        host.wants("hello")
        host.packages(NOTIFY_SOCKET=notify.path).exits(0)
        equal((notify.wait(), notify.more()), ("READY=1", ""))


def test_ready_though_all_failed():
    with Host() as host, Notify(host) as notify:
        host.stand_in("dnf", UNKNOWN["dnf"])
        host.wants("hello")
        host.packages(NOTIFY_SOCKET=notify.path).exits(1)
        equal((notify.wait(), notify.more()), ("READY=1", ""))


@together
def test_ready_while_a_manager_hangs_and_it_goes_on():
    with Host() as host, Notify(host) as notify:
        host.stand_in("dnf", "sleep 3")
        host.wants("hello")
        with program.Started(host.argv("--ready-after", "1"), host.env(NOTIFY_SOCKET=notify.path)) as run:
            begin = time.monotonic()
            equal(notify.wait(), "READY=1")
            tap.between(time.monotonic() - begin, 0.5, 2.9, "seconds until it was ready")
            tap.check(run.running, "it did not go on")
            run.end().exits(0).says("installed package 'hello'")
            equal(notify.more(), "")


if __name__ == "__main__":
    tap.main()
