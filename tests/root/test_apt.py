"""`packages` with the machine's own apt-get and dpkg, told by APT_CONFIG and DPKG_ADMINDIR to work on a folder of ours
and on a repository of ours: nothing is installed on this machine and nothing is fetched."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import program
import tap
from tap import equal

STATE = "/var/lib/ecs/bootstrap/packages.json"
LISTS = "/var/lib/apt/lists"
CONF = """Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
DPkg::Options {{ "--root={root}"; "--force-script-chrootless"; }};
APT::Architecture "{arch}";
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "1";
APT::Get::AllowUnauthenticated "1";
"""


def why_not():
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("apt-get", "dpkg", "dpkg-deb", "dpkg-query") if not shutil.which(name)]
    return f"no {', '.join(missing)} here" if missing else ""


class Host(program.Root):
    def __init__(self):
        if why_not():
            tap.skip(why_not())
        super().__init__()
        self.arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
        self.write("/etc/os-release", "ID=debian\n")
        self.write("/var/lib/dpkg/status", "")
        for folder in ("/etc/apt/apt.conf.d", "/etc/apt/preferences.d", "/etc/apt/sources.list.d", "/var/lib/dpkg/info",
                       "/var/lib/dpkg/updates", "/var/lib/dpkg/triggers", LISTS + "/partial", "/var/cache/apt/archives/partial",
                       "/var/log/apt", "/run", "/repository"):
            os.makedirs(self.at(folder), exist_ok=True)
        self.write("/apt.conf", CONF.format(root=self.path, arch=self.arch))
        self.repository(f"copy:{self.at('/repository')}")

    def repository(self, url):
        self.write("/etc/apt/sources.list", f"deb [trusted=yes] {url} ./\n")

    def offer(self, name):
        """A package of one file."""
        folder = self.at(f"/build/{name}")
        self.write(f"/build/{name}/DEBIAN/control", f"Package: {name}\nVersion: 1.0\nArchitecture: {self.arch}\nMaintainer: x <x@example.org>\n"
                                                    "Description: a test\n")
        self.write(f"/build/{name}/usr/share/{name}/file", name)
        deb = self.at(f"/repository/{name}_1.0.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", folder, deb], check=True, capture_output=True)
        with open(self.at(f"/build/{name}/DEBIAN/control")) as control, open(self.at("/repository/Packages"), "a") as index:
            sums = subprocess.run(["sha256sum", deb], capture_output=True, text=True).stdout.split()[0]
            index.write(control.read() + f"Filename: ./{name}_1.0.deb\nSize: {os.path.getsize(deb)}\nSHA256: {sums}\n\n")

    def packages(self, *names, seconds=60):
        self.write("/run/ecs/packages.json", json.dumps({"packages": names}))
        env = program.environment(APT_CONFIG=self.at("/apt.conf"), DPKG_ADMINDIR=self.at("/var/lib/dpkg"), http_proxy=None, HTTP_PROXY=None,
                                  https_proxy=None, ALL_PROXY=None)
        return program.run([program.path_of("ecs-bootstrap"), "packages", "--root", self.path, "--timeout", str(seconds)], env, timeout=seconds + 40)

    def states(self):
        return {name: one["state"] for name, one in json.loads(self.read(STATE))["packages"].items()}

    def status_of(self, name):
        done = subprocess.run(["dpkg-query", "--admindir", self.at("/var/lib/dpkg"), "-W", "-f", "${db:Status-Status}", name],
                              capture_output=True, text=True)
        return done.stdout


def test_install_once_and_know_what_is_there():
    with Host() as host:
        host.offer("ecs-test-one")
        host.offer("ecs-test-two")
        result = host.packages("ecs-test-one").exits(0).says("installed package 'ecs-test-one'")
        tap.say(f"# installed in {result.seconds:.1f} s")
        equal((host.status_of("ecs-test-one"), host.has("/usr/share/ecs-test-one/file")), ("installed", True))
        os.unlink(host.at(STATE))
        result = host.packages("ecs-test-one", "ecs-test-two=1.0").exits(0)
        result.says("package 'ecs-test-one' is installed already\n(.*\n)*.*installed package 'ecs-test-two=1.0'")
        equal(host.states(), {"ecs-test-one": "installed", "ecs-test-two=1.0": "installed"})
        os.unlink(host.at(STATE))
        result = host.packages("ecs-test-two=1.0", f"ecs-test-one:{host.arch}").exits(0).within(5)
        tap.lacks(result.err, "installed package")
        tap.say(f"# known to be there in {result.seconds:.2f} s")


def test_unknown_package():
    with Host() as host:
        host.offer("ecs-test-one")
        host.packages("no-such", "ecs-test-one=9", "ecs-test-one").exits(1).says(
            "install package 'no-such': apt-get ended with 100: E: Unable to locate package no-such\n(.*\n)*"
            ".*install package 'ecs-test-one=9': apt-get ended with 100: E: Version '9' for 'ecs-test-one' was not found")
        equal(host.states(), {"no-such": "failed", "ecs-test-one=9": "failed", "ecs-test-one": "installed"})


def test_dead_mirror():
    with Host() as host:
        host.repository("http://127.0.0.1:9/debian")
        result = host.packages("no-such", seconds=6).exits(1)
        result.says("install package 'no-such': apt-get ended with 100: .*127.0.0.1.*; trying again")
        equal(host.states(), {"no-such": "failed"})


def held(host, path, seconds):
    """Somebody else's apt has it for so long."""
    host.write(path, "")
    file = open(host.at(path), "r+")
    fcntl.lockf(file, fcntl.LOCK_EX)
    threading.Timer(seconds, file.close).start()


def test_lock_that_is_held_for_a_while():
    for path in ("/var/lib/dpkg/lock-frontend", f"{LISTS}/lock"):
        with Host() as host:
            host.offer("ecs-test-one")
            held(host, path, 4)
            host.packages("ecs-test-one").exits(0).says("installed package 'ecs-test-one'")
            equal(host.states(), {"ecs-test-one": "installed"})


def test_lock_that_stays():
    with Host() as host:
        host.offer("ecs-test-one")
        held(host, "/var/lib/dpkg/lock-frontend", 20)
        result = host.packages("ecs-test-one", seconds=12).exits(1)
        result.says("ecs-test-one': (apt-get ended with 100: E: (Could not get lock|Unable to acquire the dpkg frontend lock)|install: run 'apt-get': Connection timed out)")
        equal(host.status_of("ecs-test-one"), "")


if __name__ == "__main__":
    tap.main()
