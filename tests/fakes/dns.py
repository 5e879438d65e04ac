"""A name server on UDP: A records and CNAMEs that a test gave it, NXDOMAIN for the rest; or SERVFAIL, garbage or silence."""

import socket
import struct
import threading


def pack_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def unpack_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels), at + 1


class Dns:
    def __init__(self, address, records=None):
        self.address = address
        self.records = records or {}    # name -> IPv4 address, or another name (a CNAME)
        self.mood = ""                  # "servfail", "garbage", "silent"
        self.asked = []

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.address, 53))
        self.thread.join(5)
        self.socket.close()

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data:
                return
            answer = self.answer(data)
            if answer:
                self.socket.sendto(answer, peer)

    def answer(self, data):
        name, end = unpack_name(data, 12)
        kind = struct.unpack(">H", data[end:end + 2])[0]
        self.asked.append(name)
        if self.mood == "silent":
            return None
        if self.mood == "garbage":
            return data[:2] + b"\xff" * 40
        rows, here = [], name.lower()
        while here in self.records and not self.records[here][0].isdigit():
            rows.append((here, 5, pack_name(self.records[here])))
            here = self.records[here]
        if here in self.records and kind == 1:
            rows.append((here, 1, socket.inet_aton(self.records[here])))
        code = 2 if self.mood == "servfail" else 0 if here in self.records else 3
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(rows) if not code else 0, 0, 0) + data[12:end + 4]
        if code:
            return head
        return head + b"".join(pack_name(n) + struct.pack(">HHIH", k, 1, 60, len(d)) + d for n, k, d in rows)
