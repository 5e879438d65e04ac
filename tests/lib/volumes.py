"""amazon-ecs-volume-plugin below a temporary root, with a stand-in for mount(8), and a client as dockerd is one."""

import contextlib
import http.client
import json
import os
import signal
import socket
import time

import program
import tap

NAME = "amazon-ecs-volume-plugin"
SOCKET = f"/run/docker/plugins/{NAME}.sock"
STATE = "/var/lib/ecs/data/ecs_volume_plugin.json"
VOLUMES = "/var/lib/ecs/volumes"
LOG = "/var/log/ecs/ecs-volume-plugin.log"
TYPE = "application/vnd.docker.plugins.v1.1+json"
OPTIONS = {"type": "efs", "device": "fs-1:/", "o": "tls,iam"}
ROOT_LINE = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("", timeout=timeout)   # dockerd 20.10 sends an empty Host
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """Calls on one connection that is kept, as dockerd does. Answers are (status, JSON or text)."""

    def __init__(self, path, timeout=30):
        self.connection = Connection(path, timeout)

    def raw(self, target, body=b"", method="POST", headers=None):
        self.connection.request(method, target, body, {"Accept": "application/vnd.docker.plugins.v1.2+json", **(headers or {})})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.headers["Content-Type"] == TYPE:
            data = json.loads(data)
        else:
            data = data.decode()
        return answer.status, data

    def call(self, method, **members):
        prefix = "Plugin" if method == "Activate" else "VolumeDriver"
        return self.raw(f"/{prefix}.{method}", (json.dumps(members) + "\n").encode())

    def does(self, method, **members):
        """The answer of a call that must work."""
        status, data = self.call(method, **members)
        tap.equal(status, 200, f"status of {method} {members}, which answers {data!r}")
        return data

    def fails(self, method, part, **members):
        """The error of a call that must fail, with PART in it."""
        status, data = self.call(method, **members)
        tap.equal(status, 500, f"status of {method} {members}, which answers {data!r}")
        tap.contains(data["Err"], part, f"error of {method}")
        return data["Err"]

    def create(self, name, **options):
        return self.does("Create", Name=name, Opts={**OPTIONS, **options})

    def close(self):
        self.connection.close()


class Plugin:
    """The running program. `with` ends it; stop() and start() in between keep the root."""

    def __init__(self, limit=None, wrap=(), **env):
        self.root = program.Root()
        self.wrap = list(wrap)
        self.mounts = self.root.at("/mounts")
        os.makedirs(self.mounts + "/bin")
        os.makedirs(self.root.at("/proc/self"))
        self.write("/proc/self/mountinfo", ROOT_LINE)
        os.symlink(self.root.at("/proc/self/mountinfo"), self.mounts + "/mountinfo")
        for name in ("mount", "umount"):
            os.symlink(f"{program.TOP}/tests/fakes/mount.sh", f"{self.mounts}/bin/{name}")
        self.env = program.environment(
            PATH=f"{self.mounts}/bin:/usr/sbin:/usr/bin:/sbin:/bin", FAKE_MOUNTS=self.mounts,
            ECS_VOLUME_PLUGIN_MOUNT_TIMEOUT=str(limit) if limit else None, **env)
        self.process = None
        self.clients = []

    def __enter__(self):
        self.root.__enter__()
        return self.start()

    def __exit__(self, *trace):
        self.close_clients()
        try:
            if self.process and self.process.running and not trace[0]:
                self.stop()         # so that sanitizers have their say
        finally:
            if self.process:
                self.process.__exit__(*trace)
            self.end_helpers()
            self.root.__exit__(*trace)

    def end_helpers(self):
        """Stand-ins that outlive a plugin that was killed."""
        mark = f"FAKE_MOUNTS={self.mounts}".encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    ours = mark in file.read().split(b"\0")
                if ours and int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)

    # --- life ---
    def argv(self):
        return [*self.wrap, program.path_of(NAME), "--root", self.root.path]

    def start(self):
        self.process = program.Started(self.argv(), self.env)
        self.process.wait_to_say("serving", 20)
        return self

    def stop(self, number=signal.SIGTERM):
        """Ends it and gives the result."""
        self.close_clients()
        self.process.signal(number)
        result = self.process.end()
        self.process = None
        return result

    # --- clients ---
    def client(self, timeout=30):
        self.clients.append(Client(self.root.at(SOCKET), timeout))
        return self.clients[-1]

    def close_clients(self):
        while self.clients:
            self.clients.pop().close()

    # --- the world ---
    def write(self, path, text):
        os.makedirs(os.path.dirname(self.root.at(path)), exist_ok=True)
        with open(self.root.at(path), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, path):
        with open(self.root.at(path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def state(self):
        return json.loads(self.read(STATE)).get("volumes", {})

    def order(self, script, verb="mount", name=None):
        """What the stand-in does from now on; "" is the usual."""
        path = f"{self.mounts}/do-{verb}" + (f"-{name}" if name else "")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(script + "\n")
        os.rename(path + ".new", path)

    def calls(self):
        """The command lines of all mounts and umounts so far."""
        try:
            with open(self.mounts + "/log", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def mounted(self):
        """Paths, as often as they are mounted."""
        return [line.split()[4] for line in self.read("/proc/self/mountinfo").splitlines()[1:]]

    def folder(self, name):
        return os.path.isdir(self.root.at(f"{VOLUMES}/{name}"))


def seconds(function, *arguments, **named):
    begin = time.monotonic()
    function(*arguments, **named)
    return time.monotonic() - begin
