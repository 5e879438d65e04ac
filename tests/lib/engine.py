"""A small client of the Docker Engine API, to look at what a program has made."""
import calendar
import contextlib
import http.client
import json
import socket
import time

AGENT = "ecs-agent"
IMAGE = "amazon/amazon-ecs-agent:latest"


def to_ms(stamp):
    """Milliseconds since the epoch of Docker's 2026-01-01T00:00:00.123456789Z."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000 + float("0." + (fraction or "0")) * 1000


class EngineError(Exception):
    """An answer of 400 and more; .status has the number."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("docker", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """Engine(PATH of the socket)."""

    def __init__(self, path):
        self.path = path

    def call(self, method, url, body=None, timeout=30, kind="application/json"):
        """The answer's bytes; EngineError for 400 and above, OSError without an engine."""
        connection = _Connection(self.path, timeout)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, url, data, {"Content-Type": kind} if data else {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise EngineError(answer.status, text.decode(errors="replace").strip())
        return text

    def get(self, url):
        return json.loads(self.call("GET", url))

    def answers(self):
        try:
            return self.call("GET", "/_ping", timeout=2) == b"OK"
        except (OSError, EngineError, http.client.HTTPException):
            return False

    def inspect(self, name=AGENT):
        """The container's document, or None where there is none (or no engine)."""
        try:
            return self.get(f"/containers/{name}/json")
        except (OSError, http.client.HTTPException):
            return None
        except EngineError as e:
            if e.status == 404:
                return None
            raise

    def running(self, name=AGENT):
        """The id of the container while it runs, else None."""
        c = self.inspect(name)
        return c["Id"] if c and c["State"]["Running"] else None

    def image_id(self, name=IMAGE):
        """The id that the tag stands for, or None."""
        try:
            return self.get(f"/images/{name}/json")["Id"]
        except EngineError as e:
            if e.status == 404:
                return None
            raise

    def load(self, path):
        with open(path, "rb") as f:
            self.call("POST", "/images/load", f.read(), kind="application/x-tar")

    def remove(self, name=AGENT):
        try:
            self.call("DELETE", f"/containers/{name}?force=1")
        except EngineError as e:
            if e.status != 404:
                raise

    def create(self, name, body):
        return json.loads(self.call("POST", f"/containers/create?name={name}", body))["Id"]

    def start(self, name):
        self.call("POST", f"/containers/{name}/start")

    def run(self, command, image=IMAGE, network="bridge"):
        """Run COMMAND (its first word the entry point) to its end: (exit code, output)."""
        name = f"probe-{time.monotonic_ns()}"
        self.create(name, {"Image": image, "Entrypoint": command[:1], "Cmd": command[1:],
                           "Tty": True, "HostConfig": {"NetworkMode": network}})
        try:
            self.start(name)
            code = json.loads(self.call("POST", f"/containers/{name}/wait"))["StatusCode"]
            out = self.call("GET", f"/containers/{name}/logs?stdout=1&stderr=1")
        finally:
            with contextlib.suppress(OSError):      # the engine may be gone: that is not what failed
                self.remove(name)
        return code, out.decode(errors="replace").replace("\r\n", "\n")
