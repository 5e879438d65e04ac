"""The containers of the Docker stand-in: what was asked for, and a real child process each."""

import datetime
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time

CGROUPS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/systemd"]
NEVER = "0001-01-01T00:00:00Z"


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "000Z")


class Cgroup:
    """docker-stand-in/ID, so that /proc/PID/cgroup names the container; None where that is not allowed."""

    @classmethod
    def make(cls, container_id):
        for top in CGROUPS:
            path = f"{top}/docker-stand-in/{container_id}"
            try:
                if os.path.exists(f"{top}/cgroup.procs"):
                    os.makedirs(path)
                    return cls(path)
            except OSError:
                continue
        return None

    def __init__(self, path):
        self.path = path

    def add(self, pid):
        with open(f"{self.path}/cgroup.procs", "w") as file:
            file.write(str(pid))

    def remove(self):
        for path in (self.path, os.path.dirname(self.path)):
            for _ in range(50):
                try:
                    os.rmdir(path)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    if path != self.path:
                        return          # other containers are in there
                    time.sleep(0.02)


class Container:
    def __init__(self, name, body, command, proc=None):
        self.id = secrets.token_hex(32)
        self.name = name
        self.body = body
        self.command = command
        self.proc = proc                # a folder that stands for /proc: PID/cgroup is written there
        self.created = now()
        self.started, self.finished = NEVER, NEVER
        self.status, self.exit_code = "created", 0
        self.process = None
        self.cgroup = None
        self.output = []                # (stream number, line)
        self.changed = threading.Condition()

    @property
    def running(self):
        return self.status == "running"

    def start(self):
        environment = {**os.environ, **dict(e.split("=", 1) for e in self.body.get("Env") or [] if "=" in e)}
        with self.changed:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, env=environment, start_new_session=True)
            self.show_cgroup()
            self.status, self.started = "running", now()
            self.changed.notify_all()
        for number, pipe in ((1, self.process.stdout), (2, self.process.stderr)):
            threading.Thread(target=self.read, args=(number, pipe), daemon=True).start()
        threading.Thread(target=self.watch, daemon=True).start()

    def show_cgroup(self):
        pid = self.process.pid
        self.cgroup = Cgroup.make(self.id)
        if self.cgroup:
            self.cgroup.add(pid)
        if self.proc:
            os.makedirs(f"{self.proc}/{pid}")
            with open(f"{self.proc}/{pid}/cgroup", "w") as file:
                file.write(f"0::/docker/{self.id}\n")

    def read(self, number, pipe):
        with pipe:
            for line in pipe:
                self.output.append((number, line))

    def watch(self):
        code = self.process.wait()
        if self.cgroup:
            self.cgroup.remove()
        if self.proc:
            shutil.rmtree(f"{self.proc}/{self.process.pid}", ignore_errors=True)
        with self.changed:
            self.exit_code = code if code >= 0 else 128 - code
            self.status, self.finished = "exited", now()
            self.changed.notify_all()

    def kill(self, number):
        with self.changed:
            if self.running:
                os.killpg(self.process.pid, number)

    def stop(self, seconds):
        self.kill(signal.SIGTERM)
        if not self.wait(seconds):
            self.kill(signal.SIGKILL)
            self.wait(5)

    def wait(self, seconds=None):
        """True once it does not run."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.running, seconds)

    def inspect(self):
        host = {"AutoRemove": False, **(self.body.get("HostConfig") or {})}
        return {
            "Id": self.id, "Name": f"/{self.name}", "Created": self.created, "Path": self.command[0],
            "Args": self.command[1:], "Image": "sha256:" + "0" * 64, "RestartCount": 0, "Driver": "overlay2",
            "State": {
                "Status": self.status, "Running": self.running, "Paused": False, "Restarting": False,
                "OOMKilled": False, "Dead": False, "Pid": self.process.pid if self.running else 0,
                "ExitCode": self.exit_code, "Error": "", "StartedAt": self.started, "FinishedAt": self.finished},
            "HostConfig": host,
            "Config": {"Image": self.body.get("Image"), "Env": self.body.get("Env") or [],
                       "Labels": self.body.get("Labels") or {}},
        }

    def summary(self):
        return {"Id": self.id, "Names": [f"/{self.name}"], "Image": self.body.get("Image"), "State": self.status,
                "Status": self.status, "Labels": self.body.get("Labels") or {}, "Created": 0}
