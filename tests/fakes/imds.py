#!/usr/bin/python3
"""A stand-in for the EC2 instance metadata service, version 2.

usage: imds.py --listen ADDRESS:PORT [--user-data FILE] [--log FILE] [--token-optional]
               [--set PATH=VALUE]… [--wrong ROUTE=KIND[:ARGUMENT][*TIMES]]…

Says `listening on URL` once it listens. --log gets one JSON object for each request.
--set changes one item below meta-data/, e.g. --set instance-life-cycle=spot. For --wrong (also
named --mode) see moods.py; its routes are `token` and the path without its version, e.g.
`user-data`, `meta-data/instance-id`, `dynamic/instance-identity/document`. Two more kinds are
for the whole service: `*=absent:SECONDS` refuses connections for so long, `*=full` lets
connections hang, as a black hole does."""

import argparse
import contextlib
import copy
import json
import os
import re
import secrets
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import moods
import server

VERSION = re.compile(r"latest|\d{4}-\d\d-\d\d|1\.0")
TTL = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "x-aws-ec2-metadata-token"
MAC = "0e:49:61:0f:c3:11"
VERSIONS = ["1.0", "2016-09-02", "2018-09-24", "2020-10-27", "2021-03-23", "latest"]

META = {
    "ami-id": "ami-0123456789abcdef0",
    "hostname": "ip-10-0-0-15.ec2.internal",
    "iam": {
        "info": json.dumps({
            "Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z",
            "InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/ecsInstanceRole",
            "InstanceProfileId": "AIPAEXAMPLEEXAMPLE000"}),
        "security-credentials": {"ecsInstanceRole": json.dumps({
            "Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC",
            "AccessKeyId": "ASIAEXAMPLEEXAMPLE00", "SecretAccessKey": "example/secret/key",
            "Token": "example-session-token", "Expiration": "2099-01-01T00:00:00Z"})},
    },
    "instance-action": "none",
    "instance-id": "i-0123456789abcdef0",
    "instance-life-cycle": "on-demand",
    "instance-type": "t3.micro",
    "local-hostname": "ip-10-0-0-15.ec2.internal",
    "local-ipv4": "10.0.0.15",
    "mac": MAC,
    "network": {"interfaces": {"macs": {MAC: {
        "device-number": "0", "interface-id": "eni-0123456789abcdef0", "local-ipv4s": "10.0.0.15",
        "mac": MAC, "subnet-id": "subnet-0123456789abcdef0", "subnet-ipv4-cidr-block": "10.0.0.0/24",
        "vpc-id": "vpc-0123456789abcdef0", "vpc-ipv4-cidr-blocks": "10.0.0.0/16"}}}},
    "placement": {"availability-zone": "eu-central-1a", "availability-zone-id": "euc1-az2", "region": "eu-central-1"},
    "services": {"domain": "amazonaws.com", "partition": "aws"},
}


def identity_document(meta):
    return json.dumps({
        "accountId": "123456789012", "architecture": "x86_64",
        "availabilityZone": meta["placement"]["availability-zone"], "billingProducts": None,
        "imageId": meta["ami-id"], "instanceId": meta["instance-id"], "instanceType": meta["instance-type"],
        "kernelId": None, "pendingTime": "2026-01-01T00:00:00Z", "privateIp": meta["local-ipv4"],
        "ramdiskId": None, "region": meta["placement"]["region"], "version": "2017-09-30"}, indent=2)


class Imds(server.Server):
    headers = {"Content-Type": "text/plain", "Server": "EC2ws", "Connection": "close"}

    def __init__(self, user_data=None, listen=("127.0.0.1", 0), token_optional=False, wrong=()):
        super().__init__(listen, wrong)
        self.user_data = user_data.encode() if isinstance(user_data, str) else user_data
        self.token_optional = token_optional
        self.meta = copy.deepcopy(META)
        self.tokens = {}

    @property
    def url(self):
        host, port = self.listen_at
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def set(self, path, value):
        node = self.meta
        *folders, name = path.split("/")
        for folder in folders:
            node = node.setdefault(folder, {})
        node[name] = value

    def expire_tokens(self):
        with self.lock:
            self.tokens.clear()

    def route(self, request):
        if request.path.endswith("/api/token"):
            return "token"
        return re.sub(r"^/[^/]*/?", "", request.path).rstrip("/")

    def refuse(self, exchange, status, headers):
        page = moods.PAGE.format(status, server.http.client.responses.get(status, "Unknown"))
        exchange.answer(status, page.encode(), {"Content-Type": "text/html", **headers})

    def handle(self, exchange):
        request = exchange.request
        if request.method == "PUT" and request.route == "token":
            return self.give_token(exchange)
        if request.method not in ("GET", "HEAD"):
            return exchange.refuse(405)
        if not self.may_read(request):
            return exchange.refuse(401)
        body = self.item(request.path)
        if body is None:
            return exchange.refuse(404)
        kind = "application/octet-stream" if request.route == "user-data" else "text/plain"
        return exchange.answer(200, body, {"Content-Type": kind})

    def give_token(self, exchange):
        request = exchange.request
        ttl = request.headers.get(TTL, "")
        if request.path != "/latest/api/token" or "x-forwarded-for" in request.headers:
            return exchange.refuse(403)
        if not re.fullmatch(r"[0-9]{1,5}", ttl) or not 1 <= int(ttl) <= 21600:
            return exchange.refuse(400)
        token = secrets.token_urlsafe(40) + "=="
        with self.lock:
            self.tokens[token] = time.monotonic() + int(ttl)
        return exchange.answer(200, token.encode(), {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": ttl})

    def may_read(self, request):
        token = request.headers.get(TOKEN)
        if token is None:
            return self.token_optional
        with self.lock:
            return self.tokens.get(token, 0) > time.monotonic()

    def item(self, path):
        version, *names = [name for name in path.split("/") if name] or [""]
        if not version:
            return "\n".join(VERSIONS).encode()
        if not VERSION.fullmatch(version):
            return None
        if names == ["user-data"]:
            return self.user_data
        tree = {"dynamic": {"instance-identity": {"document": identity_document(self.meta)}}, "meta-data": self.meta}
        if not names:
            return ("dynamic\nmeta-data" + ("\nuser-data" if self.user_data is not None else "")).encode()
        return self.leaf(tree, names)

    @staticmethod
    def leaf(node, names):
        for name in names:
            if not isinstance(node, dict) or name not in node:
                return None
            node = node[name]
        if isinstance(node, dict):
            node = "\n".join(name + ("/" if isinstance(value, dict) else "") for name, value in node.items())
        return node if isinstance(node, bytes) else node.encode()


class BlackHole:
    """An address that lets no connection be made: its queue is full, so SYNs are dropped."""

    def __init__(self, listen=("127.0.0.1", 0)):
        family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        self.stack = contextlib.ExitStack()
        listener = self.stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(listen)
        listener.listen(0)
        self.listen_at = listener.getsockname()[:2]
        for _ in range(3):
            filler = self.stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(self.listen_at)

    url = Imds.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def parse_address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS:PORT")
    return host.strip("[]"), int(port)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--listen", type=parse_address, required=True)
    parser.add_argument("--user-data")
    parser.add_argument("--log")
    parser.add_argument("--token-optional", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--wrong", "--mode", action="append", default=[])
    return parser.parse_args()


def main():
    given = arguments()
    user_data = None
    if given.user_data:
        with open(given.user_data, "rb") as file:
            user_data = file.read()
    whole = [mood for mood in given.wrong if re.match(r"\*=(absent|full)", mood)]
    if "*=full" in whole:
        hole = BlackHole(given.listen)
        return server.serve_until_signal(hole, lambda: f"listening on {hole.url}")
    for mood in whole:
        time.sleep(float(mood.partition(":")[2] or 1))
    service = Imds(user_data, given.listen, given.token_optional, [m for m in given.wrong if m not in whole])
    service.log = given.log
    for item in given.set:
        service.set(*item.split("=", 1))
    return server.serve_until_signal(service, lambda: f"listening on {service.url}")


if __name__ == "__main__":
    main()
