"""What the stand-in servers share: they listen on TCP or a unix socket, record every request
with its answer, and fall into moods (moods.py). One thread for each connection, one request for
each connection unless the server says keep-alive."""

import dataclasses
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.parse

import moods

LARGEST_HEAD = 64 << 10


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict               # names in lower case
    body: bytes = b""
    body_size: int = 0          # also when the body itself was not kept
    status: int = 0             # what was answered; 0: nothing
    at: float = dataclasses.field(default_factory=time.monotonic)
    route: str = ""

    @property
    def path(self):
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self):
        pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True)
        return dict(pairs)

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.method} {self.target} {self.status}"


class Gone(Exception):
    """The client hung up, or the server ends."""


class Exchange:
    """One request and its answer."""

    def __init__(self, server, connection):
        self.server = server
        self.socket = connection
        self.input = connection.makefile("rb")
        self.request = None
        self.mood = None

    def read_request(self):
        head = self.input.readline(LARGEST_HEAD).decode("latin-1").split()
        if len(head) != 3:
            raise Gone
        headers = {k.lower(): v for k, v in http.client.parse_headers(self.input).items()}
        self.request = Request(head[0], head[1], headers)
        self.request.route = self.server.route(self.request)
        self.server.record(self.request)
        self.mood = self.server.moods.next(self.request.route)

    def read_body(self):
        request, kept = self.request, bytearray()
        if request.headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        for piece in self.pieces(request.headers):
            request.body_size += len(piece)
            if len(kept) < self.server.largest_kept_body:
                kept += piece
        request.body = bytes(kept)

    def pieces(self, headers):
        if headers.get("transfer-encoding", "").lower() != "chunked":
            left = int(headers.get("content-length", "0"))
            while left and (piece := self.input.read(min(left, 65536))):
                left -= len(piece)
                yield piece
            return
        while size := int(self.input.readline().split(b";")[0], 16):
            yield self.input.read(size)
            self.input.readline()
        self.input.readline()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Gone from error

    def send_head(self, status, headers):
        self.request.status = status
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}"]
        lines += [f"{k}: {v}" for k, v in {**self.server.headers, **headers}.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def answer(self, status, body=b"", headers=None):
        """The answer as the mood wants it: whole, cut short, drop by drop, in chunks."""
        headers = dict(headers or {})
        kind = self.mood.kind if self.mood else ""
        if kind == "delay":
            self.server.sleep(self.mood.number(1))
        if kind in ("chunked", "badchunks"):
            self.send_head(status, {**headers, "Transfer-Encoding": "chunked"})
            return self.send_chunks(body, kind)
        if status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        self.send_head(status, headers)
        if self.request.method == "HEAD":
            return None
        if kind == "truncated":
            body = body[:max(0, len(body) - int(self.mood.number(1)))]
        if kind == "drip":
            return self.send_drops(body)
        return self.send(body)

    def send_drops(self, body):
        for i in range(len(body)):
            self.server.sleep(self.mood.number(0.05))
            self.send(body[i:i + 1])

    def send_chunks(self, body, kind):
        for i in range(0, len(body), 3):
            piece = body[i:i + 3]
            self.send(b"%03X;odd=\"1\"\r\n%s\r\n" % (len(piece), piece))
        self.send(b"ZZ\r\n" if kind == "badchunks" else b"000\r\nX-Trailer: 1\r\n\r\n")

    def send_json(self, status, value, headers=None):
        self.answer(status, (json.dumps(value) + "\n").encode(), {"Content-Type": "application/json", **(headers or {})})

    def refuse(self, status, headers=None):
        self.server.refuse(self, status, headers or {})

    def wait_for_end(self):
        """Until the client hangs up or the server ends."""
        self.socket.settimeout(0.05)
        while not self.server.ending.is_set():
            try:
                if not self.socket.recv(4096):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        raise Gone


class Server:
    """Subclasses give route(), handle() and refuse(). Use it in a `with`, or start() and stop()."""

    headers = {"Connection": "close"}
    largest_kept_body = 1 << 20

    def __init__(self, listen, wrong=()):
        self.listen_at = listen         # (host, port) or a path
        self.moods = moods.Moods(wrong)
        self.requests = []
        self.log = None
        self.ending = threading.Event()
        self.lock = threading.RLock()
        self.listener = None
        self.connections = set()
        self.threads = []

    # What a test asks of it

    def asked(self, *routes):
        """The recorded requests, or those of these routes."""
        with self.lock:
            return [r for r in self.requests if not routes or r.route in routes]

    def misbehave(self, *texts):
        with self.lock:
            self.moods.add(*texts)

    def behave(self):
        with self.lock:
            self.moods.clear()

    def forget(self):
        with self.lock:
            self.requests.clear()

    # What it is made of

    def start(self):
        family, address = self.address()
        if family == socket.AF_UNIX:
            remove_socket(address)
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        if family != socket.AF_UNIX:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(64)
        if family != socket.AF_UNIX:
            self.listen_at = self.listener.getsockname()[:2]
        self.ending.clear()
        self.run(self.accept, self.listener)
        return self

    def address(self):
        if isinstance(self.listen_at, str):
            return socket.AF_UNIX, self.listen_at
        return (socket.AF_INET6 if ":" in self.listen_at[0] else socket.AF_INET), self.listen_at

    def stop(self):
        """Refuses connections from now on and ends those that are open; may be started again."""
        self.ending.set()
        with self.lock:
            doomed = [self.listener, *self.connections] if self.listener else [*self.connections]
            self.listener = None
        for each in doomed:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join(5)
        self.threads.clear()
        for each in doomed:
            each.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def run(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self, listener):
        while not self.ending.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
            self.run(self.converse, connection)

    def converse(self, connection):
        try:
            with connection:
                self.one_exchange(Exchange(self, connection))
        except (Gone, OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.connections.discard(connection)

    def one_exchange(self, exchange):
        exchange.read_request()
        try:
            if not exchange.mood or exchange.mood.kind not in ("close", "reset", "silent"):
                exchange.read_body()
            if not exchange.mood or not moods.play(exchange, exchange.mood):
                self.handle(exchange)
        finally:
            self.write_log(exchange.request)

    def record(self, request):
        with self.lock:
            self.requests.append(request)

    def write_log(self, request):
        if not self.log:
            return
        line = {"method": request.method, "target": request.target, "status": request.status,
                "headers": request.headers, "bytes": request.body_size}
        with self.lock, open(self.log, "a") as file:
            file.write(json.dumps(line) + "\n")

    def sleep(self, seconds):
        if self.ending.wait(seconds):
            raise Gone


def serve_until_signal(server, ready):
    """For the command lines: says READY on stdout, ends on SIGTERM or SIGINT."""
    # Handlers, not a signal mask: children of the server would inherit the mask.
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with server:
        print(ready(), flush=True)
        told.wait()
    sys.exit(0)


def remove_socket(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
