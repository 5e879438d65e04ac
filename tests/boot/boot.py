"""Boots one Debian machine with systemd, cloud-init and dockerd, our `make install` in it and user
data from a stand-in for the metadata service, and gives what it reported."""

import contextlib
import dataclasses
import datetime
import fcntl
import functools
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))

import tap

PROGRAMS = ("mmdebstrap", "systemd-nspawn", "ip", "unshare", "nsenter", "setpriv", "flock")
KEEP = os.environ.get("BOOT_KEEP")      # a folder for what the last machine left, to look into
# What the machine does first, and what a container or a jail does not allow.
PROBE = ("unshare", "--mount", "--net", "--pid", "--cgroup", "--fork", "--mount-proc",
         "sh", "-c", "umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup")


@dataclasses.dataclass(frozen=True)
class Scenario:
    user_data: str | bytes | None   # a file beside this one, or what it holds; None: there is none
    steps: tuple = ()       # shell commands, run in the machine once the boot is over
    imds: tuple = ("--token-optional",)     # cloud-init asks for no token off EC2
    seconds: int = 40       # how long the boot may take, PID 1 to the agent
    steps_seconds: int = 30 # how long the steps may take, and the way down
    files: tuple = ()       # (path, text): files put into the machine before it boots, programs if they begin with #!
    away: tuple = ()        # what the machine lacks: patterns of paths, which it finds below /away
    copies: tuple = ()      # (path here, path in it): files
    prepare: str = "systemctl --quiet enable ecs.service"   # a shell command that is run in its disk then
    installed: bool = True  # by `make install`; if not, PREPARE does it
    over: str = ""          # a shell command: the boot is over, too, when it succeeds
    agent: tuple = ()       # options of tests/agent/image
    outside: bool = False   # watch the agent's port from another host
    again: "Scenario" = None    # the same disk boots once more: of this count user_data, steps, imds, over and seconds


@dataclasses.dataclass
class Boot:
    """What a machine reported. SKIPPED or BROKEN say why there is no report."""
    report: dict = None
    skipped: str = ""
    broken: str = ""
    console: str = ""
    journal: str = ""
    imds: str = ""          # what the stand-in for the metadata service printed
    requests: tuple = ()    # and what it was asked for
    watched: tuple = ()     # what tests/boot/guest/probe saw from outside and from inside
    before: "Boot" = None   # the first boot of the same disk

    def need(self):
        if self.skipped:
            tap.skip(self.skipped)
        if self.report is None:
            tap.fail(self.broken.splitlines()[0])
        return self.report

    def unit(self, name):
        return self.need()["units"][name]

    def stamp(self, unit, name):
        """A time stamp of systemd's, in seconds since the epoch; 0 if it never came to that."""
        value = int(self.unit(unit)[name])
        return value / 1e6 + self.report["clock_offset"] if value else 0

    def agent(self):
        agent = self.need()["agent"]
        tap.check(agent, "there is no container ecs-agent")
        return agent

    def registered(self):
        """When the agent answered as one that has registered; None if it never did."""
        return self.need()["registered"]

    def agent_started(self):
        return docker_time(self.agent()["State"]["StartedAt"])

    def agent_created(self):
        return docker_time(self.agent()["Created"])

    def timeline(self):
        """What happened when, in seconds since PID 1 began, in that order."""
        stamps = {
            "network-online.target": self.stamp("network-online.target", "ActiveEnterTimestampMonotonic"),
            "ecs-bootstrap.service ended": self.stamp("ecs-bootstrap.service", "ExecMainExitTimestampMonotonic"),
            "cloud-init.service began": self.stamp("cloud-init.service", "ExecMainStartTimestampMonotonic"),
            "docker.service active": self.stamp("docker.service", "ActiveEnterTimestampMonotonic"),
            "ecs-prepare.service ended": self.stamp("ecs-prepare.service", "ExecMainExitTimestampMonotonic"),
            "user script began": float(self.report["script_began"] or 0),
            "user script ended": float(self.report["script_ended"] or 0),
            "cloud-init finished": self.report["cloud_init_finished"] or 0,
            "ecs.service begun": self.stamp("ecs.service", "InactiveExitTimestampMonotonic"),
            "agent container started": self.agent_started(),
            "ecs.service active": self.stamp("ecs.service", "ActiveEnterTimestampMonotonic"),
            "agent registered": self.registered() or 0,
        }
        begin = self.report["began"] + self.report["clock_offset"]
        return sorted((when - begin, what) for what, when in stamps.items() if when)

    def cycles(self):
        # PID 1 sees them before there is a journal
        return [line for line in self.console.splitlines() if "ordering cycle" in line]

    def diagnostics(self):
        """What helps to see why: our lines of the journal, or the console where there is none."""
        if self.journal:
            return [line for line in self.journal.splitlines() if "ecs" in line]
        text = "\n".join((self.broken, self.imds, self.console))
        return [line for line in text.splitlines() if line.strip()]


def docker_time(text):
    """Docker writes more digits than Python reads."""
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z$", r"\1+00:00", text)).timestamp()


class Refused(Exception):
    """This machine cannot boot another one."""


# --- making it possible

def install_packages():
    """Only what is missing; what cannot be had is the reason for a skip."""
    done = subprocess.run([os.path.join(TOP, "tests/deps"), "boot"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    for line in done.stdout.splitlines():
        tap.say(f"# {line}")
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        raise Refused(f"missing here: {' '.join(missing)}")


def cgroup_here():
    """The folder of our own cgroup in the second hierarchy, wherever that is mounted."""
    with open("/proc/self/mounts") as file:
        mounts = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    if not mounts:
        raise Refused("no cgroup2 hierarchy is mounted")
    with open("/proc/self/cgroup") as file:
        return mounts[0] + re.search(r"^0::(.*)$", file.read(), re.M)[1].rstrip("/")


def check_machine():
    if os.geteuid() != 0:
        raise Refused("needs root")
    install_packages()
    done = subprocess.run(PROBE, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"namespaces cannot be made here: {done.stderr.strip()[-200:]}")


# --- one boot

def remove_cgroup(folder):
    """The processes in it have been killed; but it takes them a moment to be gone."""
    end = time.monotonic() + 5
    while os.path.exists(folder) and time.monotonic() < end:
        for path, _, _ in os.walk(folder, topdown=False):
            try:
                os.rmdir(path)
            except OSError:
                time.sleep(0.01)


class Work:
    """The folder and the cgroup of one boot; both are gone afterwards. The lock on the folder is
    held as long as we live, so that the next run knows and removes what a killed one left."""

    def __init__(self, cache):
        self.cgroups = cgroup_here()
        for old in glob.glob(os.path.join(cache, "run-*")):
            self.remove_if_free(old)
        self.folder = tempfile.mkdtemp(prefix="run-", dir=cache)
        self.lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.cgroup = self.cgroup_of(self.folder)
        os.mkdir(self.cgroup)

    def cgroup_of(self, folder):
        return os.path.join(self.cgroups, "ecs-boot-" + os.path.basename(folder))

    def remove_if_free(self, folder):
        try:
            with locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                self.remove(folder)
        except BlockingIOError:
            pass

    def remove(self, folder):
        remove_cgroup(self.cgroup_of(folder))
        # swap space is the kernel's, not a machine's: one that was killed has left it on
        for path in glob.glob(os.path.join(folder, "report", "swapfile*")) + glob.glob(os.path.join(folder, "docker", "*swap*")):
            subprocess.run(("swapoff", path), stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, *names):
        try:
            with open(self.path(*names), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove(self.folder)
        os.close(self.lock)


def command(*words):
    """Runs it; its output is of interest only when it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        tap.fail(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}")


def fill_boot(work, scenario, number):
    """What the boot of that number finds."""
    if isinstance(scenario.user_data, str):
        shutil.copy(os.path.join(HERE, scenario.user_data), work.path(f"user-data.{number}"))
    elif scenario.user_data is not None:
        with open(work.path(f"user-data.{number}"), "wb") as file:
            file.write(scenario.user_data)
    with open(work.path(f"imds.{number}"), "w") as file:
        file.writelines(option + "\n" for option in scenario.imds)
    with open(work.path("report", f"scenario.{number}"), "w") as file:
        json.dump({name: getattr(scenario, name) for name in ("seconds", "steps", "over")}, file)


def fill(work, scenario):
    """What the machine is made of, beside the cached root."""
    for name in ("report", "stage"):
        os.mkdir(work.path(name))
    if scenario.installed:
        command("make", "--no-print-directory", "-C", TOP, "install", f"DESTDIR={work.path('stage')}")
    command(os.path.join(TOP, "tests/agent/image"), *scenario.agent, work.path("ecs-agent.tar"))
    with open(work.path("prepare"), "w") as file:
        file.write(scenario.prepare)
    if scenario.outside:
        open(work.path("outside.log"), "w").close()
    for path, target in scenario.copies:
        os.makedirs(os.path.dirname(work.path("stage") + target), exist_ok=True)
        shutil.copy(path, work.path("stage") + target)
    for path, text in scenario.files:
        os.makedirs(os.path.dirname(work.path("stage") + path), exist_ok=True)
        with open(work.path("stage") + path, "w") as file:
            file.write(text)
        os.chmod(work.path("stage") + path, 0o755 if text.startswith("#!") else 0o644)
    with open(work.path("away"), "w") as file:
        file.writelines(pattern + "\n" for pattern in scenario.away)
    for number, one in enumerate(boots_of(scenario)):
        fill_boot(work, one, number)


def boots_of(scenario):
    return (scenario, scenario.again) if scenario.again else (scenario,)


def run_machine(work, root, scenario):
    """Gives what went wrong, or nothing. However this ends, the machine has ended then."""
    words = [os.path.join(HERE, "machine"), work.folder, root, work.cgroup,
             os.path.join(TOP, "tests/fakes/imds.py")]
    seconds = sum(one.seconds + one.steps_seconds for one in boots_of(scenario))
    try:
        # The machine's own wait comes first; this is for one that never gets that far.
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"the machine still ran after {seconds} s"
    return f"the machine ended with {done.returncode}: {done.stdout}" if done.returncode else ""


def plain(text):
    """TEXT without what is meant for a terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def keep(work):
    os.makedirs(KEEP, exist_ok=True)
    for name in ("report/report.*", "report/journal.*", "report/*.log", "*.log", "imds.out"):
        for path in glob.glob(work.path(name)):
            shutil.copy(path, KEEP)


def build_root():
    """Its progress goes to stderr: the first time takes minutes."""
    child = subprocess.Popen([os.path.join(HERE, "root")], stdout=subprocess.PIPE, text=True)
    try:
        output = child.communicate()[0]
    finally:
        # terminated, not killed: it cleans up after itself
        child.terminate()
        child.wait()
    tap.check(child.returncode == 0, f"the root could not be built: exit status {child.returncode}")
    return output.strip()


@contextlib.contextmanager
def locked(folder, how):
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, how)
        yield
    finally:
        os.close(lock)


def boot_machine(scenario):
    check_machine()
    root = build_root()
    with locked(root, fcntl.LOCK_SH), Work(os.path.dirname(root)) as work:
        fill(work, scenario)
        broken = run_machine(work, root, scenario)
        if KEEP:
            keep(work)
        return read_boots(work, scenario, broken or "the machine left no report")


def read_lines(work, *names):
    return tuple(map(json.loads, work.read(*names).splitlines()))


def read_boots(work, scenario, broken):
    boot = None
    for number, _ in enumerate(boots_of(scenario)):
        report = work.read("report", f"report.{number}")
        boot = Boot(report=json.loads(report) if report else None, broken=broken, before=boot,
                    console=plain(work.read(f"console.{number}.log")), journal=work.read("report", f"journal.{number}"),
                    imds=work.read("imds.out"), requests=read_lines(work, "imds.log"),
                    watched=read_lines(work, "outside.log") + read_lines(work, "report", "inside.log"))
    return boot


@functools.cache
def boot(scenario):
    try:
        return boot_machine(scenario)
    except Refused as reason:
        return Boot(skipped=str(reason))
    except (tap.Failed, OSError) as error:
        return Boot(broken=str(error))
