#!/usr/bin/python3
"""A stand-in for the Docker Engine API on a unix socket. Its containers are child processes.

usage: docker.py --socket PATH [--engine 20.10|23|24|25|27|28|29|29.10|later] [--image NAME]… [--log FILE]
                 [--run COMMAND]… [--proc DIR] [--wrong ROUTE=KIND[:ARGUMENT][*TIMES]]…

Says `listening on PATH` once it listens. --log gets one JSON object for each request. Each start
of a container takes the next --run, a shell command, and repeats the last (default: sleep 600).
For --wrong (also named --mode) see moods.py; the routes are `ping version info networks images
image load containers create inspect start stop kill wait rename delete logs events`. One kind more,
`types`: the right answer with every value of another JSON type."""

import argparse
import copy
import json
import os
import re
import shlex
import signal
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import moods
import server
from containers import Container

moods.KINDS.add("types")

AGENT_IMAGE = "amazon/amazon-ecs-agent:latest"
ENGINES = {     # version: (newest API, oldest API)
    "20.10": ("1.41", "1.12"), "23": ("1.42", "1.12"), "24": ("1.43", "1.12"), "25": ("1.44", "1.24"),
    "27": ("1.47", "1.24"), "28": ("1.51", "1.24"), "29": ("1.52", "1.44"), "29.10": ("1.57", "1.40"),
    "later": ("1.70", "1.60"),      # one that knows nothing any more of what we were written for
}
ROUTES = [(method, re.compile(path + "$"), name) for method, path, name in (
    ("GET|HEAD", "/_ping", "ping"),
    ("GET", "/version", "version"),
    ("GET", "/info", "info"),
    ("GET", "/networks", "networks"),
    ("GET", "/images/json", "images"),
    ("GET", "/images/(.+)/json", "image"),
    ("POST", "/images/load", "load"),
    ("GET", "/containers/json", "containers"),
    ("POST", "/containers/create", "create"),
    ("GET", "/containers/([^/]+)/json", "inspect"),
    ("POST", "/containers/([^/]+)/(start|stop|kill|wait|rename)", ""),
    ("GET", "/containers/([^/]+)/(logs)", ""),
    ("DELETE", "/containers/([^/]+)", "delete"),
    ("GET", "/events", "events"),
)]
BRIDGE = {"Name": "bridge", "Driver": "bridge", "Scope": "local", "Options": {
    "com.docker.network.bridge.default_bridge": "true", "com.docker.network.bridge.name": "docker0"}}


def number(version):
    return tuple(int(part) for part in version.split("."))


def other_types(value):
    """The same document with every leaf of another JSON type."""
    if isinstance(value, dict):
        return {k: other_types(v) for k, v in value.items()}
    if isinstance(value, list):
        return {"0": value}
    return [value] if isinstance(value, (str, bool)) else str(value)


class Problem(Exception):
    """An answer of the API that is an error: status and message."""


class Docker(server.Server):
    def __init__(self, socket, engine="20.10", images=(AGENT_IMAGE,), runs=(("sleep", "600"),), proc=None, wrong=()):
        super().__init__(socket, wrong)
        self.engine = engine
        self.newest, self.oldest = ENGINES[engine]
        self.images = set(images)
        self.image_in_tar = AGENT_IMAGE     # what a load brings; None: the tar is bad
        self.runs = [list(run) for run in runs]
        self.proc = proc
        self.containers = {}
        self.networks = [copy.deepcopy(BRIDGE)]

    @property
    def headers(self):
        return {"Api-Version": self.newest, "Docker-Experimental": "false", "Ostype": "linux",
                "Server": f"Docker/{self.engine} (linux)", "Connection": "close"}

    # What a test asks of it, beside server.Server

    def container(self, name="ecs-agent"):
        with self.lock:
            return next((c for c in self.containers.values() if name in (c.name, c.id)), None)

    def add(self, name, body=None, run=True):
        """A container that was there before; runs unless told otherwise."""
        made = self.new_container(name, body or {"Image": AGENT_IMAGE})
        if run:
            made.start()
        return made

    def go_away(self):
        """As if dockerd were stopped: no socket. Containers live on, as with live-restore."""
        super().stop()
        server.remove_socket(self.listen_at)

    def crash(self):
        """As if dockerd were killed: the socket file is there and refuses."""
        super().stop()

    def stop(self):
        self.go_away()
        for each in self.containers.values():
            each.kill(signal.SIGKILL)
            each.wait(5)

    # Requests

    def split(self, request):
        """The API version (None: not named), and the path after it."""
        found = re.match(r"/v(\d+\.\d+)(/.*)", urllib.parse.unquote(request.path))
        return (found[1], found[2]) if found else (None, urllib.parse.unquote(request.path))

    def match(self, request):
        _, path = self.split(request)
        for methods, pattern, name in ROUTES:
            if request.method in methods.split("|") and (found := pattern.match(path)):
                return name or found[2], found.groups()[:1]
        return "unknown", ()

    def route(self, request):
        return self.match(request)[0]

    def refuse(self, exchange, status, headers):
        text = exchange.mood.argument if exchange.mood and exchange.mood.argument else "stand-in: as it was told"
        self.reply(exchange, status, {"message": text}, headers)

    def reply(self, exchange, status, value, headers=None):
        if exchange.mood and exchange.mood.kind == "types":
            value = other_types(value)
        exchange.send_json(status, value, headers)

    def handle(self, exchange):
        name, groups = self.match(exchange.request)
        try:
            self.check_version(exchange.request)
            if name == "unknown":
                raise Problem(404, "page not found")
            getattr(self, f"do_{name}")(exchange, *groups)
        except Problem as problem:
            self.reply(exchange, problem.args[0], {"message": problem.args[1]})

    def check_version(self, request):
        version, _ = self.split(request)
        if version is None:
            return
        if number(version) > number(self.newest):
            raise Problem(400, f"client version {version} is too new. Maximum supported API version is {self.newest}")
        if number(version) < number(self.oldest):
            raise Problem(400, f"client version {version} is too old. Minimum supported API version is {self.oldest}, "
                               "please upgrade your client to a newer version")

    def find(self, name):
        found = self.container(name)
        if not found:
            raise Problem(404, f"No such container: {name}")
        return found

    # Routes

    def do_ping(self, exchange):
        exchange.answer(200, b"OK", {"Content-Type": "text/plain; charset=utf-8"})

    def do_version(self, exchange):
        self.reply(exchange, 200, {"Version": self.engine, "ApiVersion": self.newest, "MinAPIVersion": self.oldest,
                                   "Os": "linux", "Arch": "amd64"})

    def do_info(self, exchange):
        self.reply(exchange, 200, {"ServerVersion": self.engine, "CgroupDriver": "systemd", "CgroupVersion": "2",
                                   "SecurityOptions": [], "DockerRootDir": "/var/lib/docker"})

    def do_networks(self, exchange):
        self.reply(exchange, 200, self.networks)

    def do_images(self, exchange):
        self.reply(exchange, 200, [{"Id": "sha256:" + "0" * 64, "RepoTags": [name]} for name in sorted(self.images)])

    def do_image(self, exchange, name):
        if name not in self.images:
            raise Problem(404, f"No such image: {name}")
        self.reply(exchange, 200, {"Id": "sha256:" + "0" * 64, "RepoTags": [name]})

    def do_load(self, exchange):
        # Docker answers 200 whatever was in the tar; the cause stands in a line of the body.
        lines = [{"stream": f"Loaded image: {self.image_in_tar}\n"}]
        if self.image_in_tar:
            with self.lock:
                self.images.add(self.image_in_tar)
        else:
            text = "archive/tar: invalid tar header"
            lines = [{"errorDetail": {"message": text}, "error": text}]
        body = "".join(json.dumps(line) + "\r\n" for line in lines)
        exchange.answer(200, body.encode(), {"Content-Type": "application/json"})

    def do_containers(self, exchange):
        every = exchange.request.query.get("all", "") in ("1", "true")
        names = json.loads(exchange.request.query.get("filters") or "{}").get("name")
        with self.lock:
            found = [c.summary() for c in self.containers.values() if every or c.running]
        if names:
            found = [c for c in found if any(re.search(name, c["Names"][0]) for name in names)]
        self.reply(exchange, 200, found)

    def do_create(self, exchange):
        name = exchange.request.query.get("name", "")
        body = exchange.request.json
        if body.get("Image") not in self.images:
            raise Problem(404, f"No such image: {body.get('Image')}")
        if there := self.container(name):
            raise Problem(409, f'Conflict. The container name "/{name}" is already in use by container "{there.id}". '
                               "You have to remove (or rename) that container to be able to reuse that name.")
        self.reply(exchange, 201, {"Id": self.new_container(name, body).id, "Warnings": []})

    def new_container(self, name, body):
        with self.lock:
            run = self.runs.pop(0) if len(self.runs) > 1 else self.runs[0]
            made = Container(name, body, run, self.proc)
            self.containers[made.id] = made
        return made

    def do_inspect(self, exchange, name):
        self.reply(exchange, 200, self.find(name).inspect())

    def do_start(self, exchange, name):
        found = self.find(name)
        if found.running:
            return exchange.answer(304)
        found.start()
        return exchange.answer(204)

    def do_stop(self, exchange, name):
        found = self.find(name)
        if not found.running:
            return exchange.answer(304)
        found.stop(float(exchange.request.query.get("t", "10")))
        return exchange.answer(204)

    def do_kill(self, exchange, name):
        found = self.find(name)
        if not found.running:
            raise Problem(409, f"Cannot kill container: {name}: Container {found.id} is not running")
        wanted = exchange.request.query.get("signal", "SIGKILL")
        found.kill(int(wanted) if wanted.isdigit() else signal.Signals["SIG" + wanted.removeprefix("SIG")])
        exchange.answer(204)

    def do_wait(self, exchange, name):
        found = self.find(name)
        exchange.send_head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
        while not found.wait(0.1):
            if self.ending.is_set():
                raise server.Gone
        answer = {"Error": None, "StatusCode": found.exit_code}
        kind = exchange.mood.kind if exchange.mood else ""
        body = json.dumps(other_types(answer) if kind == "types" else answer).encode()
        chunk = b"%x\r\n%s\r\n" % (len(body), body)
        exchange.send(chunk[:-8] if kind == "truncated" else chunk + b"0\r\n\r\n")

    def do_rename(self, exchange, name):
        found, wanted = self.find(name), exchange.request.query.get("name", "")
        if there := self.container(wanted):
            raise Problem(409, f'Conflict. The container name "/{wanted}" is already in use by container "{there.id}".')
        found.name = wanted
        exchange.answer(204)

    def do_delete(self, exchange, name):
        found = self.find(name)
        if found.running and exchange.request.query.get("force") not in ("1", "true"):
            raise Problem(409, f"You cannot remove a running container {found.id}. Stop the container before "
                               "attempting removal or force remove")
        found.kill(signal.SIGKILL)
        found.wait(5)
        with self.lock:
            self.containers.pop(found.id, None)
        exchange.answer(204)

    def do_logs(self, exchange, name):
        query = exchange.request.query
        streams = [n for n, key in ((1, "stdout"), (2, "stderr")) if query.get(key) in ("1", "true")]
        lines = [line for line in self.find(name).output if line[0] in streams]
        if query.get("tail", "all").isdigit():
            lines = lines[-int(query["tail"]):]
        stamp = b"2026-01-01T00:00:00.000000000Z " if query.get("timestamps") in ("1", "true") else b""
        frames = (bytes([n, 0, 0, 0]) + len(stamp + text).to_bytes(4, "big") + stamp + text for n, text in lines)
        exchange.answer(200, b"".join(frames), {"Content-Type": "application/vnd.docker.raw-stream"})

    def do_events(self, exchange):
        exchange.send_head(200, {"Content-Type": "application/json"})
        exchange.wait_for_end()


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--socket", required=True)
    parser.add_argument("--engine", choices=ENGINES, default="20.10")
    parser.add_argument("--image", action="append")
    parser.add_argument("--log")
    parser.add_argument("--run", action="append", default=[])
    parser.add_argument("--proc")
    parser.add_argument("--wrong", "--mode", action="append", default=[])
    return parser.parse_args()


def main():
    given = arguments()
    late = [mood for mood in given.wrong if mood.startswith("*=absent:")]
    for mood in late:
        time.sleep(float(mood.partition(":")[2]))
    runs = [shlex.split(run) for run in given.run] or [["sleep", "600"]]
    engine = Docker(given.socket, given.engine, [AGENT_IMAGE] if given.image is None else filter(None, given.image),
                    runs, given.proc, [m for m in given.wrong if m not in late])
    engine.log = given.log
    server.serve_until_signal(engine, lambda: f"listening on {given.socket}")


if __name__ == "__main__":
    main()
