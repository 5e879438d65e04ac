"""An instance to test on: namespaces of its own, a real dockerd, IMDS on 169.254.169.254.

    with Instance(user_data=path) as i:
        i.run(["ecs-netconf", "apply"])
        i.engine.inspect("ecs-agent")

Programs in it use the real paths (/etc/ecs, /var/cache/ecs, /run/docker.sock) and the
host's files stay as they are: see instance.sh. All processes live in one pid namespace
whose first process dies with this one, so nothing outlives a test that is killed.
"""
import atexit
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from engine import Engine

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(REPOSITORY, "build"))
PREFIX = "ecs-instance-"
# what sanitizers, coverage and the test runner need to know
PASSED_ON = ("TAP_RUN", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE", "GCOV_PREFIX")

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)
_fork_lock = threading.Lock()
_fetch = []


class Unavailable(Exception):
    """Why there can be no instance on this machine."""


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def missing():
    """What is missing for an instance, as a sentence; "" if nothing is."""
    if os.geteuid() != 0:
        return "not root"
    for program in ("dockerd", "ip", "mount", "iptables"):
        if not find(program):
            return f"{program} is not installed"
    return ""


def find(program):
    return shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")


def fetch_program():
    """The HTTP client that is in the agent's image too, built once."""
    if not _fetch:
        folder = tempfile.mkdtemp(prefix="ecs-fetch-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _fetch.append(os.path.join(folder, "fetch"))
        subprocess.run(["cc", "-o", _fetch[0], os.path.join(REPOSITORY, "tests", "agent", "fetch.c")], check=True)
    return _fetch[0]


@contextlib.contextmanager
def exit_on_signals():
    """SIGTERM and SIGHUP unwind like an exception, so that `with` blocks clean up."""
    def leave(number, _frame):
        sys.exit(128 + number)
    signals = (signal.SIGTERM, signal.SIGHUP)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = [(s, signal.signal(s, leave)) for s in signals]
    try:
        yield
    finally:
        for s, handler in old:
            signal.signal(s, handler)


class Instance:
    """docker=False leaves dockerd out, user_data=None leaves IMDS out."""

    def __init__(self, user_data=None, docker=True, programs=os.path.join(BUILD, "bin")):
        self.user_data, self.docker, self.programs = user_data, docker, programs
        self.folder = self.first = self.dockerd = self.imds = None
        self.namespaces = {}
        self.children = []
        self.cleanup = contextlib.ExitStack()

    # --- life ---------------------------------------------------------------------
    def __enter__(self):
        why = missing()
        if why:
            raise Unavailable(why)
        try:
            self.cleanup.enter_context(exit_on_signals())
            self._sweep()
            self.folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
            self.cleanup.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.cgroup = os.path.basename(self.folder)
            self.cleanup.callback(self._remove_cgroups, self.cgroup)
            try:
                self._start_namespaces()
            except (OSError, subprocess.SubprocessError) as error:
                raise Unavailable(f"set up namespaces: {error}") from error
            self.engine = Engine(self.path("/run/docker.sock"))
            if self.user_data:
                self.start_imds(self.user_data)
            if self.docker:
                self.start_docker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.cleanup.close()

    def _start_namespaces(self):
        def enter():
            _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")
            _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
        log = os.path.join(self.folder, "setup.log")
        with open(log, "wb") as errors, self._pid_namespace(lambda: _libc.unshare(CLONE_NEWPID)):
            self.first = subprocess.Popen(
                ["/bin/sh", os.path.join(HERE, "instance.sh"), self.folder, REPOSITORY],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, preexec_fn=enter,
                start_new_session=True)
        self.cleanup.callback(self._end)
        if self.first.stdout.readline() != b"ready\n":
            with open(log, encoding="utf-8", errors="replace") as f:
                raise Unavailable("set up namespaces: " + (f.read().strip() or "no reason given"))
        ns = f"/proc/{self.first.pid}/ns/"
        for name, path in (("mnt", ns + "mnt"), ("pid", ns + "pid"), ("instance", ns + "net"),
                           ("gateway", self.path("/run/netns/gateway"))):
            self.namespaces[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.cleanup.callback(os.close, self.namespaces[name])

    @contextlib.contextmanager
    def _pid_namespace(self, enter):
        """Children started within this block are born in the pid namespace."""
        own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        with _fork_lock:
            try:
                _check(enter(), "enter a pid namespace")
                yield
            finally:
                _libc.setns(own, CLONE_NEWPID)
                os.close(own)

    def _end(self):
        self.first.kill()
        # the first process ends only when all others of its namespace are reaped,
        # and those started from here are ours to reap
        for child in self.children:
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()
        self.first.wait()
        self.first.stdout.close()

    @staticmethod
    def _remove_cgroups(name):
        top = "/sys/fs/cgroup"
        for tree in [top] + [os.path.join(top, d) for d in os.listdir(top)]:
            for folder, _, _ in os.walk(os.path.join(tree, name), topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)

    @classmethod
    def _sweep(cls):
        """Remove the files of those that were killed and could not do it themselves."""
        for name in os.listdir(tempfile.gettempdir()):
            owner = name.removeprefix(PREFIX).split("-")[0]
            if name.startswith(PREFIX) and owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
                cls._remove_cgroups(name)
                shutil.rmtree(os.path.join(tempfile.gettempdir(), name), ignore_errors=True)

    # --- programs -----------------------------------------------------------------
    def popen(self, command, env=None, where="instance", cwd="/", **options):
        """Start COMMAND in the instance (or next door, where="gateway"). The returned
        process is the program itself, so its pid and signals are the program's.
        ENV is added to a small environment, not to the caller's."""
        def enter():
            _check(_libc.setns(self.namespaces["mnt"], CLONE_NEWNS), "setns")
            _check(_libc.setns(self.namespaces[where], CLONE_NEWNET), "setns")
            os.chdir(cwd)
        environment = {"PATH": f"{self.programs}:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        environment.update({k: os.environ[k] for k in PASSED_ON if k in os.environ})
        environment.update(env or {})
        command = [str(c) for c in command]
        if os.path.exists(os.path.join(self.programs, command[0])):
            command[0] = os.path.join(self.programs, command[0])
        options.setdefault("stdin", subprocess.DEVNULL)
        with self._pid_namespace(lambda: _libc.setns(self.namespaces["pid"], CLONE_NEWPID)):
            child = subprocess.Popen(command, env=environment, preexec_fn=enter,
                                     start_new_session=True, **options)
        self.children.append(child)
        return child

    def run(self, command, timeout=60, text=True, **options):
        """Run COMMAND to its end: CompletedProcess with stdout and stderr."""
        child = self.popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text, **options)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise
        finally:
            self.children.remove(child)
        return subprocess.CompletedProcess(command, child.returncode, out, err)

    def shell(self, script, **options):
        """stdout of a shell script that must succeed."""
        result = self.run(["/bin/sh", "-ec", script], **options)
        if result.returncode != 0:
            raise RuntimeError(f"{script}: exit {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def get(self, address, port, path, where="instance"):
        """The body of an HTTP answer with status 200, else None; waits at most two seconds."""
        result = self.run([fetch_program(), address, str(port), path], where=where)
        return result.stdout if result.returncode == 0 else None

    # --- files --------------------------------------------------------------------
    def path(self, path):
        """Where the instance's PATH is found from the outside."""
        return f"/proc/{self.first.pid}/root{path}"

    def read(self, path):
        with open(self.path(path), encoding="utf-8", errors="replace") as f:
            return f.read()

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w", encoding="utf-8") as f:
            f.write(text)

    def copy_in(self, source, path):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        shutil.copyfile(source, self.path(path))

    # --- IMDS ---------------------------------------------------------------------
    def start_imds(self, user_data, *options):
        self.imds = self.popen(
            [sys.executable, os.path.join(REPOSITORY, "tests", "fakes", "imds.py"),
             "--listen", "169.254.169.254:80", "--user-data", user_data,
             "--log", os.path.join(self.folder, "imds.log"), *options], stdout=subprocess.PIPE)
        if not self.imds.stdout.readline().startswith(b"listening"):
            raise Unavailable("start the IMDS stand-in: it does not listen")

    # --- Docker -------------------------------------------------------------------
    def start_docker(self, wait=True):
        with open(os.path.join(self.folder, "dockerd.log"), "ab") as log:
            self.dockerd = self.popen(
                [find("dockerd"), "-H", "unix:///run/docker.sock", "--cgroup-parent", "/" + self.cgroup,
                 "--exec-opt", "native.cgroupdriver=cgroupfs"], stdout=log, stderr=log)
        if wait:
            self._wait(self.engine.answers, 20, "dockerd", self.dockerd)

    def stop_docker(self, number=signal.SIGTERM):
        """End dockerd, orderly or (SIGKILL) not, and wait for it."""
        self.dockerd.send_signal(number)
        self.dockerd.wait(20)
        self.children.remove(self.dockerd)
        self.dockerd = None

    def docker_log(self):
        with open(os.path.join(self.folder, "dockerd.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    @staticmethod
    def _wait(ready, seconds, what, child):
        end = time.monotonic() + seconds
        while not ready():
            if child.poll() is not None:
                raise Unavailable(f"start {what}: exit {child.returncode}")
            if time.monotonic() > end:
                raise Unavailable(f"start {what}: not ready after {seconds} s")
            time.sleep(0.02)
