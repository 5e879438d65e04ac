"""ecs-efs-tunnel with what it needs around it: a certificate authority, and efs-front as the mount target."""
import atexit
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../fakes"]
import program
import server
import tap

FILE_SYSTEM = "fs-0123456789abcdef0"
ACCESS_POINT = "fsap-0123456789abcdef0"
REGION = "us-east-1"
HOST = f"{FILE_SYSTEM}.efs.{REGION}.amazonaws.com"
BASE = f"{FILE_SYSTEM}.mnt.efs"
KEY_ID, SECRET, TOKEN = "ASIAEXAMPLEEXAMPLE11", "example/secret+key", "example+session/token=="
URI = "/v2/credentials/7e3c"
CREDENTIALS = {"RoleArn": "arn:aws:iam::123456789012:role/task", "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET,
               "Token": TOKEN, "Expiration": "2099-01-01T00:00:00Z"}
_made = {}
_lock = threading.RLock()


def folder():
    with _lock:
        if None not in _made:
            _made[None] = tempfile.mkdtemp(prefix="ecs-efs-")
            atexit.register(shutil.rmtree, _made[None], ignore_errors=True)
        return _made[None]


def once(name, make):
    """The path of what MAKE(path) made, in this run's folder."""
    with _lock:
        if name not in _made:
            path = os.path.join(folder(), name)
            make(path)
            _made[name] = path
        return _made[name]


def openssl(*arguments):
    result = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    tap.check(result.returncode == 0, f"openssl {arguments[0]}: {result.stderr}")
    return result.stdout


def front_program():
    def compile_it(path):
        sources = [os.path.join(HERE, "..", "efs-front", name) for name in ("front.c", "check.c")]
        subprocess.run(["cc", "-std=gnu17", "-O2", "-D_GNU_SOURCE", "-o", path, *sources, "-lssl", "-lcrypto", "-lpthread"], check=True)
    return once("front", compile_it)


def key_pair(name, subject, *more):
    """A self-signed certificate NAME.crt with its NAME.key; the path without suffix."""
    def make(path):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key",
                "-out", path + ".crt", "-subj", subject, "-days", "30", *more)
    return once(name, make)


def authority():
    return key_pair("authority", "/CN=Test authority")


def server_certificate(name="server", san=f"*.efs.{REGION}.amazonaws.com", begin=None, end=None):
    """A certificate for SAN by the authority. BEGIN, END: as `openssl ca` takes them."""
    def make(path):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key", "-out",
                path + ".csr", "-subj", "/CN=mount target")
        os.mkdir(path + ".d")
        for file in ("index.txt", "config"):
            with open(f"{path}.d/{file}", "w", encoding="ascii") as out:
                out.write("" if file == "index.txt" else
                          f"[ca]\ndefault_ca=own\n[own]\ndatabase={path}.d/index.txt\nnew_certs_dir={path}.d\nrand_serial=yes\n"
                          f"default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[san]\nsubjectAltName=DNS:{san}\n")
        openssl("ca", "-batch", "-config", path + ".d/config", "-extensions", "san", "-in", path + ".csr", "-out", path + ".crt",
                "-notext", "-cert", authority() + ".crt", "-keyfile", authority() + ".key",
                "-startdate", begin or utc(-3600), "-enddate", end or utc(86400))
    return once(name, make)


def utc(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))


class Front(program.Started):
    """The mount target. .port is where; .visitors what it said of each certificate, as dictionaries."""

    def __init__(self, *options, certificate=None, signed=False, prefix=(), listen="127.0.0.1"):
        self.mood_path = os.path.join(folder(), f"mood-{time.monotonic_ns()}")
        certificate = certificate or server_certificate()
        argv = [front_program(), "--listen", listen, "--cert", certificate + ".crt", "--key", certificate + ".key",
                "--mood", self.mood_path, "--file-system", FILE_SYSTEM, *options]
        if signed:
            argv += ["--table", once("table", self.write_table)]
        super().__init__([*prefix, *argv])
        self.port = int(self.wait_to_say(r"^port (\d+)", 20)[1])

    @staticmethod
    def write_table(path):
        with open(path, "w", encoding="ascii") as out:
            out.write(f"ASIAOTHER x y\n{KEY_ID} {SECRET} {TOKEN}\n")

    def mood(self, word):
        with open(self.mood_path + ".new", "w", encoding="ascii") as out:
            out.write(word)
        os.rename(self.mood_path + ".new", self.mood_path)

    @property
    def visitors(self):
        found = []
        for line in self.out.splitlines()[1:]:
            what, _, rest = line.partition(" ")
            rest, _, refused = rest.partition(" refused=")
            found.append({"what": what, "refused": refused, **dict(pair.split("=", 1) for pair in rest.split(" "))})
        return found

    def wait_visitors(self, count, seconds=10):
        return tap.wait_until(lambda: len(self.visitors) >= count and self.visitors, seconds, f"{count} visitors")


def private_key():
    def make(path):
        openssl("genrsa", "-out", path, "3072")
    return once("private.key", make)


class Agent(server.Server):
    """Hands out a task's credentials; .gone: the task is over."""

    def __init__(self, **more):
        super().__init__(("127.0.0.1", 0))
        self.reply, self.gone = {**CREDENTIALS, **more}, False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listen_at[1]}"

    def route(self, request):
        return request.path

    def handle(self, exchange):
        if self.gone:
            return exchange.send_json(400, {"code": "InvalidIdInRequest", "message": "Credentials not found"})
        return exchange.send_json(200, self.reply)

    def refuse(self, exchange, status, headers):
        exchange.answer(status, b"", headers)


class Tunnel:
    """ecs-efs-tunnel for one mount, below a root of its own. Options of the state file as keywords."""

    def __init__(self, front_port, *arguments, mounted=True, base=BASE, env=None, key=True, prefix=(), ready=True, **more):
        self.root = program.Root()
        self.base, self.arguments, self.env, self.prefix, self.ready = base, arguments, env or {}, prefix, ready
        self.conf = {"FILE_SYSTEM": FILE_SYSTEM, "HOST": HOST, "CONNECT": "127.0.0.1", "CONNECT_PORT": front_port,
                     "REGION": REGION, "PORT": program.free_port(), "NETNS": "", "ACCESS_POINT": "", "IAM": "false",
                     "CREDENTIALS_URI": "", "CA_FILE": "/etc/ca.pem", "VERIFY": 2, "MOUNTPOINT": "/mnt/efs",
                     "SOURCE": "ecs.ec2", **more}
        self.port = self.conf["PORT"]
        self.root.write("/run/ecs/efs/.keep", "", 0o600)
        self.root.write("/etc/.keep", "")
        shutil.copy(authority() + ".crt", self.root.at("/etc/ca.pem"))
        if key:
            with open(private_key(), "rb") as file:
                self.root.write("/etc/amazon/efs/privateKey.pem", file.read(), 0o400)
        self.mount(mounted)
        self.write_conf()
        self.process = None

    def write_conf(self):
        self.root.write(f"/run/ecs/efs/{self.base}.conf", "".join(f"{k}={v}\n" for k, v in self.conf.items()), 0o600)

    def mount(self, there=True, port=None, source="127.0.0.1:/", point="/mnt/efs"):
        """What the kernel's table of mounts says."""
        line = f"1 0 8:1 / / rw - ext4 /dev/root rw\n"
        if there:
            line += (f"55 1 0:40 / {point} rw,relatime shared:9 - nfs4 {source} rw,vers=4.1,port={port or self.port},"
                     "clientaddr=127.0.0.1,addr=127.0.0.1\n")
        self.root.write("/proc/self/mountinfo.new", line)
        os.rename(self.root.at("/proc/self/mountinfo.new"), self.root.at("/proc/self/mountinfo"))

    @property
    def argv(self):
        return [*self.prefix, program.path_of("ecs-efs-tunnel"), "--foreground", "--root", self.root.path, *self.arguments, self.base]

    def __enter__(self):
        self.process = program.Started(self.argv, program.environment(**self.env))
        if self.ready:
            try:
                self.process.wait_to_say("listens on", 30)
                self.port = int(self.read("port"))
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.__exit__()
            tap.check(not program.SANITIZER.search(self.process.err), f"a sanitizer reports:\n{self.process.err}")
        self.root.__exit__()

    def read(self, suffix):
        return self.root.read(f"/run/ecs/efs/{self.base}.{suffix}")

    def has(self, suffix):
        return self.root.has(f"/run/ecs/efs/{self.base}.{suffix}")

    @property
    def said(self):
        return self.process.err.splitlines()

    def connect(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def talk(self, text=b"hello"):
        """One connection to an echoing mount target; what came back."""
        with self.connect() as client:
            client.sendall(b"echo\n" + text)
            return receive(client, len(text))

    def refused(self):
        """One connection, of which nothing comes; the last line that the tunnel says then."""
        before = len(self.said)
        with self.connect() as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(b"echo\nhello")
                tap.equal(receive(client, 1), b"", "answer")
        tap.wait_until(lambda: len(self.said) > before, 5, "the tunnel says why")
        return self.said[-1]


def receive(client, size):
    """SIZE bytes, or less if the stream ends."""
    got = bytearray()
    with contextlib.suppress(ConnectionError):
        while len(got) < size and (piece := client.recv(min(1 << 20, size - len(got)))):
            got += piece
    return bytes(got)


def lines_like(text, pattern):
    return [line for line in text.splitlines() if re.search(pattern, line)]
