"""Running the programs under test: in a clean environment, below a temporary root."""

import atexit
import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("BIN") or os.environ.get("BUILD", f"{TOP}/build") + "/bin")
PASSED_ON = ("TAP_RUN", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE", "GCOV_PREFIX")
SANITIZER = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")
SOON = 20


def path_of(name):
    """BIN/NAME; a program that was not built is a failure, not a skip."""
    path = f"{BIN}/{name}"
    tap.check(os.access(path, os.X_OK), f"{path}: not there; run make")
    return path


def environment(**more):
    """Nothing of the caller's but what sanitizers and the runner need. The proxies lead
    nowhere: no call of these programs may use one."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    nowhere = "http://127.0.0.1:9"
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
            "http_proxy": nowhere, "HTTP_PROXY": nowhere, "https_proxy": nowhere, "ALL_PROXY": nowhere,
            **kept, **{k: v for k, v in more.items() if v is not None}}


class Result:
    def __init__(self, argv, code, out, err, seconds):
        self.argv, self.code, self.out, self.err, self.seconds = argv, code, out, err, seconds
        if SANITIZER.search(err):
            tap.fail(f"{argv[0]}: a sanitizer reports:\n{err}")

    def __str__(self):
        return f"$ {' '.join(self.argv)}\nexit {self.code}, {self.seconds:.2f} s\n{self.out}{self.err}"

    def exits(self, code):
        tap.check(self.code == code, f"exit status {self.code}, wanted {code}\n{self}")
        return self

    def says(self, pattern):
        tap.matches(self.err, pattern, "stderr")
        return self

    def within(self, seconds):
        tap.check(self.seconds <= seconds, f"took {self.seconds:.2f} s, wanted at most {seconds}\n{self}")
        return self

    @property
    def lines(self):
        return self.err.splitlines()


def run(argv, env=None, timeout=SOON, stdin=None, **more):
    """Runs to the end; a program that is still there after TIMEOUT is ended, which is a failure."""
    begin = time.monotonic()
    child = subprocess.Popen(argv, env=env or environment(), stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **more)
    try:
        out, err = child.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        tap.fail(f"{' '.join(argv)}: still ran after {timeout} s; stderr so far:\n{err.decode(errors='replace')}")
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    return Result(argv, child.returncode, out.decode(errors="replace"), err.decode(errors="replace"),
                  time.monotonic() - begin)


class Started:
    """A program that runs beside the test; ended at the end of the `with`, whatever happens."""

    def __init__(self, argv, env=None, **more):
        self.argv, self.out, self.err = argv, "", ""
        self.begin = time.monotonic()
        self.child = subprocess.Popen(argv, env=env or environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, start_new_session=True, **more)
        self.readers = [threading.Thread(target=self.read, args=(name,), daemon=True) for name in ("out", "err")]
        for reader in self.readers:
            reader.start()

    def read(self, name):
        with getattr(self.child, f"std{name}") as pipe:
            for line in pipe:
                setattr(self, name, getattr(self, name) + line.decode(errors="replace"))

    @property
    def pid(self):
        return self.child.pid

    @property
    def running(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait_to_say(self, pattern, seconds=5):
        return tap.wait_until(lambda: re.search(pattern, self.out + self.err, re.M), seconds,
                              f"{self.argv[0]} says /{pattern}/")

    def end(self, seconds=SOON):
        """Waits for it to end by itself."""
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            tap.fail(f"{' '.join(self.argv)}: still runs after {seconds} s; stderr so far:\n{self.err}")
        for reader in self.readers:
            reader.join(1)
        return Result(self.argv, code, self.out, self.err, time.monotonic() - self.begin)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.running:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(5)


class Root:
    """A temporary folder that stands for /. Paths are given as they are below /."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="root-")
        # Should a signal come in the midst of __exit__.
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for folder, _, _ in os.walk(self.path):
            os.chmod(folder, 0o700)
        shutil.rmtree(self.path)

    def at(self, path):
        return self.path + path

    def write(self, path, data, mode=0o644):
        os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
        with open(self.at(path), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        os.chmod(self.at(path), mode)

    def read(self, path):
        with open(self.at(path), "rb") as file:
            return file.read().decode(errors="surrogateescape")

    def has(self, path):
        return os.path.lexists(self.at(path))

    def mode(self, path):
        return stat.S_IMODE(os.stat(self.at(path)).st_mode)

    def state(self, below=""):
        """All that is there: kind, mode, size, times and bytes. Equal states: nothing was touched. The records of steps,
        which are written anew by each run, are left out."""
        found = {}
        for folder, folders, files in os.walk(self.at(below)):
            if folder == self.at("/run/ecs"):
                folders[:] = [name for name in folders if name != "steps"]
            for name in folders + files:
                path = os.path.join(folder, name)
                at = os.lstat(path)
                data = None
                if stat.S_ISREG(at.st_mode):
                    with open(path, "rb") as file:
                        data = file.read()
                found[os.path.relpath(path, self.path)] = (oct(at.st_mode), at.st_mtime_ns, at.st_ino, data)
        return found


def same_state(before, after, what="files"):
    """Compares what Root.state() gave, and names what differs."""
    changes = [f"{path}: was {before.get(path)}\n  is {after.get(path)}"
               for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    tap.check(not changes, f"{what} changed:\n" + "\n".join(changes))


def free_port(host="127.0.0.1"):
    """A port that nothing listens on: connections are refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def has_ipv6():
    try:
        free_port("::1")
        return True
    except OSError:
        return False
