"""What a server can do wrong. A mood is written ROUTE=KIND[:ARGUMENT][*TIMES]:

    token=503*2             the first two answers to `token` are 503, then all is well
    token=429:1             429 with `Retry-After: 1`
    user-data=302:http://…  a redirect
    user-data=body:TEXT     200 and this text          empty, html, binary: 200 and such a body
    user-data=long:BYTES    a body of so many bytes    endless: one that never ends
    user-data=truncated:N   N bytes less than its Content-Length says (1)
    user-data=drip:SECONDS  the right answer, one byte each so many seconds (0.05)
    user-data=delay:SECONDS the right answer, so late
    user-data=chunked       the right answer in odd but right chunks; badchunks: in wrong ones
    user-data=headers       headers without end
    *=garbage               no HTTP at all             close, reset: the connection ends
    *=silent                never an answer

ROUTE is a name that the server gives to a request, or * for every request."""

import dataclasses
import fnmatch
import socket
import struct

PAGE = "<html><head><title>{0} {1}</title></head><body><h1>{0} {1}</h1></body></html>\n"
KINDS = {"body", "empty", "html", "binary", "long", "endless", "truncated", "drip", "delay", "chunked",
         "badchunks", "headers", "garbage", "close", "reset", "silent"}
BINARY = bytes(range(256)) * 2


@dataclasses.dataclass
class Mood:
    route: str
    kind: str
    argument: str = ""
    times: float = float("inf")

    @property
    def status(self):
        return int(self.kind) if self.kind.isdigit() else None

    def number(self, default):
        return float(self.argument) if self.argument else default


def parse(text):
    route, mark, rest = text.partition("=")
    kind, _, argument = rest.partition(":")
    times = float("inf")
    head, star, count = rest.rpartition("*")
    if star and count.isdigit():
        times = int(count)
        kind, _, argument = head.partition(":")
    if not mark or not route or not (kind in KINDS or kind.isdigit()):
        raise ValueError(f"mood {text!r}: not ROUTE=KIND[:ARGUMENT][*TIMES]")
    return Mood(route, kind, argument, times)


class Moods:
    def __init__(self, texts=()):
        self.moods = [parse(text) for text in texts]

    def add(self, *texts):
        self.moods += [parse(text) for text in texts]

    def clear(self):
        self.moods = []

    def next(self, route):
        """The mood for this request, if any; uses up one of its times."""
        for mood in self.moods:
            if mood.times > 0 and fnmatch.fnmatchcase(route, mood.route):
                mood.times -= 1
                return mood
        return None


def play(exchange, mood):
    """Acts on the EXCHANGE (see server.py) before an answer was made; True if that was all."""
    if mood.status is not None:
        play_status(exchange, mood)
        return True
    act = ACTS.get(mood.kind)
    if act:
        act(exchange, mood)
    return act is not None


def play_status(exchange, mood):
    headers = {}
    if mood.status in (429, 503) and mood.argument:
        headers["Retry-After"] = mood.argument
    if 300 <= mood.status < 400:
        headers["Location"] = mood.argument
    exchange.refuse(mood.status, headers)


def play_long(exchange, mood):
    left = int(mood.number(10 << 20))
    exchange.send_head(200, {"Content-Length": str(left)})
    block = b"A" * 65536
    while left > 0:
        exchange.send(block[:left])
        left -= len(block)


def play_endless(exchange, _mood):
    exchange.send_head(200, {})
    while True:
        exchange.send(b"A" * 65536)


def play_headers(exchange, _mood):
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.send(b"X-More: " + b"A" * 4000 + b"\r\n")


def play_reset(exchange, _mood):
    exchange.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.socket.close()


ACTS = {
    "body": lambda exchange, mood: exchange.answer(200, mood.argument.encode()),
    "empty": lambda exchange, mood: exchange.answer(200, b""),
    "html": lambda exchange, mood: exchange.answer(
        200, PAGE.format(200, "Please log in").encode(), {"Content-Type": "text/html"}),
    "binary": lambda exchange, mood: exchange.answer(200, BINARY),
    "long": play_long,
    "endless": play_endless,
    "headers": play_headers,
    "garbage": lambda exchange, mood: exchange.send(b"\x16\x03\x01 SSH-2.0-no HTTP\n\0\xff" * 8),
    "close": lambda exchange, mood: None,
    "reset": play_reset,
    "silent": lambda exchange, mood: exchange.wait_for_end(),
}
