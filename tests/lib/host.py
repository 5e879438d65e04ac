"""amazon-ecs-init on an instance with a real dockerd, run as its unit would run it."""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tap
from instance import REPOSITORY, Instance, Unavailable
from notify import Notify

INIT = "amazon-ecs-init"
TAR = "/var/cache/ecs/ecs-agent.tar"
STATE = "/var/cache/ecs/state"
CONFIG = "/etc/ecs/ecs.config"
INIT_LOG = "/var/log/ecs/ecs-init.log"
_tars = {}


def image_tar(version="1.0.0"):
    """The path of the stand-in agent's archive, built once for each version."""
    if not _tars:
        folder = tempfile.mkdtemp(prefix="ecs-agent-image-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _tars[None] = folder
    if version not in _tars:
        path = os.path.join(_tars[None], version + ".tar")
        subprocess.run([sys.executable, os.path.join(REPOSITORY, "tests", "agent", "image"), path, version],
                       check=True)
        _tars[version] = path
    return _tars[version]


class Host(Instance):
    """An instance as the package leaves it: the image's tar in the cache, state 2 (load it)."""

    def __init__(self, config="", state="2", loaded=False, **options):
        super().__init__(**options)
        self.config, self.state, self.loaded = config, state, loaded

    def __enter__(self):
        try:
            super().__enter__()
        except Unavailable as why:
            tap.skip(str(why))
        try:
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def prepare(self):
        self.copy_in(image_tar(), TAR)
        if self.state is not None:
            self.write(STATE, self.state)
        if self.config:
            self.write(CONFIG, self.config)
        if self.loaded:
            self.engine.load(image_tar())
            self.write(STATE, "1")

    def environment(self, **more):
        """What the unit's EnvironmentFile lines give, and MORE."""
        lines = []
        for path in ("/var/lib/ecs/ecs.config", CONFIG):
            if os.path.exists(self.path(path)):
                lines += self.read(path).splitlines()
        pairs = [line.strip().split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
        return {**dict(pairs), **more}

    def verb(self, verb, code=0, timeout=60, **env):
        """Run a verb, which must end with CODE; the result has the time it took as .seconds."""
        begin = time.monotonic()
        result = self.run([INIT, verb], env=self.environment(**env), timeout=timeout)
        result.seconds = time.monotonic() - begin
        tap.check(result.returncode == code,
                  f"{verb}: exit {result.returncode}, wanted {code}\n{result.stdout}{result.stderr}")
        return result

    @staticmethod
    def inner_pid(pid):
        """What a process in the instance is called in there."""
        with open(f"/proc/{pid}/status") as file:
            return next(line.split()[-1] for line in file if line.startswith("NSpid:"))

    def order(self, order):
        """Tell the agent to misbehave: `exit/N`, `hang`, `ignore-term`."""
        tap.check(self.get("127.0.0.1", 51679, f"/{order}") is not None, f"tell the agent {order}: no answer")

    def metadata(self):
        """What the agent's introspection port answers, "" if nothing."""
        return self.get("127.0.0.1", 51678, "/v1/metadata") or ""

    def sysctl(self, name):
        # read in there: /proc/sys/net is that of the network namespace of the reader
        return self.run(["cat", "/proc/sys/" + name]).stdout.strip()

    def rules(self):
        """The packet filter, without counters and comments: {family: [lines]}."""
        found = {}
        for family in ("iptables", "ip6tables"):
            lines = self.run([f"{family}-save"]).stdout.splitlines()
            found[family] = [line.split(" [")[0] for line in lines if not line.startswith("#")]
        return found

    def wait_running(self, seconds=10, other_than=None):
        """The id of the running agent container (of another one than OTHER_THAN)."""
        def running():
            found = self.engine.running()
            return found if found != other_than else None
        return tap.wait_until(running, seconds, "agent container runs")


class Supervised:
    """`amazon-ecs-init start` with a NOTIFY_SOCKET, ended with the `with` block."""

    def __init__(self, host, **env):
        self.host, self.env = host, env

    def __enter__(self):
        self.notify = Notify(os.path.join(self.host.folder, f"notify-{time.monotonic_ns()}"))
        self.log_path = self.notify.path + ".log"
        env = self.host.environment(NOTIFY_SOCKET=self.notify.path, **self.env)
        self.begin = time.monotonic()
        with open(self.log_path, "wb") as log:
            self.process = self.host.popen([INIT, "start"], env=env, stdout=log, stderr=log)
        return self

    def __exit__(self, kind, error, _trace):
        if self.running:
            self.kill()
        self.notify.close()
        if isinstance(error, tap.Failed):
            error.args = (f"{error}\n{self.story()}",)

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.poll() is None

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def told(self):
        self.notify.poll()
        return "\n".join(message for _, message in self.notify.messages)

    def story(self):
        """What it said, for the report of a failure."""
        notified = [f"{at - self.begin:7.2f} s {message}" for at, message in self.notify.messages]
        return "\n".join(["--- notified:", *notified, "--- log:", self.log])

    def wait_for(self, message, seconds=10, after=0):
        """Until it notifies a message that starts with MESSAGE; the seconds since its start."""
        at = self.notify.wait_for(message, seconds, after)
        tap.check(at is not None, f"supervisor did not notify {message} within {seconds} s")
        return at - self.begin

    def wait_ready(self, seconds=10):
        """READY=1 and the agent answers; the container's id."""
        self.wait_for("READY=1", seconds)
        found = self.host.wait_running()
        tap.wait_until(self.host.metadata, 5, "agent answers")
        return found

    def ends(self, code, seconds=10):
        """It must end by itself with CODE."""
        try:
            got = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            tap.fail(f"supervisor still runs after {seconds} s")
        tap.equal(got, code, "exit code of the supervisor")
        self.notify.poll()

    def terminate(self, seconds=10):
        self.process.send_signal(signal.SIGTERM)
        self.ends(0, seconds)

    def stays(self, why):
        tap.check(self.running, f"supervisor ended with {self.process.returncode}: {why}")

    def kill(self):
        self.process.kill()
        self.process.wait()
