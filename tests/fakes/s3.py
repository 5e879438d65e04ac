#!/usr/bin/python3
"""A stand-in for the agent's buckets in S3: anonymous GETs with ranges, entity tags, and lies.

usage: s3.py --listen ADDRESS:PORT [--object BUCKET/KEY=FILE]… [--log FILE] [--wrong ROUTE=KIND[:ARGUMENT][*TIMES]]…

Says `listening on URL` once it listens. Routes are the key without its version (`tar`, `asc`, `md5`), behind the bucket's
name and a colon: `amazon-ecs-agent:tar`, `*:asc`. For --wrong see moods.py; kinds of its own:

    cut:BYTES     so many bytes of the body come, then the connection ends (Content-Length says more)
    stall:BYTES   so many bytes come, then nothing
    late:SECONDS  half of the body, a pause, the rest
    wrong         the right length, but other bytes
    longer:BYTES  so many bytes behind the body, and a Content-Length with them
    ignore        200 and the whole body, also to a range
    shift         206, but of another range than the one asked for
    nolength      neither Content-Length nor chunks: ends when the connection does
    noetag, weak  no ETag, or a weak one
    moved:REGION  301 with x-amz-bucket-region"""

import argparse
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import moods
import server
from imds import Imds, parse_address

OWN = {"cut", "stall", "late", "wrong", "longer", "ignore", "shift", "nolength", "noetag", "weak", "moved"}
moods.KINDS.update(OWN)
CODES = {400: "InvalidRequest", 403: "AccessDenied", 404: "NoSuchKey", 416: "InvalidRange", 500: "InternalError", 503: "SlowDown"}
PIECE = 64 << 10


class File:
    """An object that is too large for memory: bytes of a file, and zeros behind them (SIZE in all)."""

    def __init__(self, path, size=None):
        self.path = path
        self.size = size or os.path.getsize(path)
        self.etag = f'"{self.size:x}-file"'

    def pieces(self, first, end):
        with open(self.path, "rb") as file:
            while first < end:
                file.seek(first)
                want = min(PIECE, end - first)
                data = file.read(want)
                yield data + bytes(want - len(data))
                first += want


class Bytes:
    def __init__(self, data):
        self.data, self.size = data, len(data)
        self.etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'

    def pieces(self, first, end):
        for at in range(first, end, PIECE):
            yield self.data[at:min(at + PIECE, end)]


class S3(server.Server):
    headers = {"Connection": "close", "Server": "AmazonS3"}
    url = Imds.url

    def __init__(self, listen=("127.0.0.1", 0), wrong=()):
        super().__init__(listen, wrong)
        self.objects = {}               # "BUCKET/KEY" -> Bytes or File
        self.sent = 0                   # bytes of bodies

    def put(self, name, data):
        self.objects[name] = Bytes(data) if isinstance(data, bytes) else data

    def route(self, request):
        bucket, _, key = request.path.strip("/").partition("/")
        return f"{bucket}:{key.rpartition('.')[2]}"

    def refuse(self, exchange, status, headers):
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{CODES.get(status, "Refused")}</Code><Message>no</Message></Error>'
        exchange.answer(status, body.encode(), {"Content-Type": "application/xml", **headers})

    def handle(self, exchange):
        mood = exchange.mood if exchange.mood and exchange.mood.kind in OWN else None
        kind = mood.kind if mood else ""
        if kind == "moved":
            return self.refuse(exchange, 301, {"x-amz-bucket-region": mood.argument})
        found = self.objects.get(exchange.request.path.strip("/"))
        if not found or exchange.request.method != "GET":
            return self.refuse(exchange, 404, {})
        status, first = self.judge_range(exchange.request.headers, found, kind)
        if status == 416:
            return self.refuse(exchange, 416, {"Content-Range": f"bytes */{found.size}"})
        return self.send_object(exchange, found, status, first, mood)

    @staticmethod
    def judge_range(headers, found, kind):
        asked = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        if not asked or kind == "ignore" or headers.get("if-range", found.etag) != found.etag:
            return 200, 0
        first = int(asked[1])
        if kind == "shift":
            first = max(0, first - 1000)
        return (206, first) if first < found.size else (416, first)

    def send_object(self, exchange, found, status, first, mood):
        kind = mood.kind if mood else ""
        size = found.size - first + (int(mood.number(1)) if kind == "longer" else 0)
        headers = {"Content-Type": "application/x-tar", "Accept-Ranges": "bytes"}
        if kind != "nolength":
            headers["Content-Length"] = str(size)
        if kind != "noetag":
            headers["ETag"] = "W/" + found.etag if kind == "weak" else found.etag
        if status == 206:
            headers["Content-Range"] = f"bytes {first}-{found.size - 1}/{found.size}"
        exchange.send_head(status, headers)
        self.send_pieces(exchange, found, first, mood)
        for _ in range(0, int(mood.number(1)) if kind == "longer" else 0, PIECE):
            exchange.send(b"+" * min(PIECE, int(mood.number(1))))

    def send_pieces(self, exchange, found, first, mood):
        kind = mood.kind if mood else ""
        end = found.size
        stop = first + int(mood.number(0)) if kind in ("cut", "stall") else end
        for piece in found.pieces(first, min(end, stop)):
            if kind == "wrong":
                piece = bytes(b ^ 0x20 for b in piece)
            if kind == "late" and first <= end // 2 < first + len(piece):
                self.sleep(mood.number(1))
            exchange.send(piece)
            first += len(piece)
            with self.lock:
                self.sent += len(piece)
        if kind == "stall":
            exchange.wait_for_end()


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--listen", type=parse_address, required=True)
    for name in ("object", "wrong"):
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--log")
    return parser.parse_args()


def main():
    given = arguments()
    s3 = S3(given.listen, given.wrong)
    s3.log = given.log
    for item in given.object:
        name, _, path = item.partition("=")
        s3.put(name, File(path))
    server.serve_until_signal(s3, lambda: f"listening on {s3.url}")


if __name__ == "__main__":
    main()
