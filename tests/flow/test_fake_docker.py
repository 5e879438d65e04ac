"""The stand-in for the Docker Engine itself: it answers as dockerd does and misbehaves as told."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from docker import AGENT_IMAGE, Docker
from tap import between, check, contains, each, equal, wait_until

AGENT = {"Image": AGENT_IMAGE, "Env": ["A=1"], "Labels": {"hash": "abc"}, "HostConfig": {"NetworkMode": "host"}}


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=3):
        super().__init__("docker", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(docker, method, target, body=None, **more):
    """Status, body, headers; a body that is JSON is decoded."""
    with contextlib.closing(Connection(docker.listen_at)) as connection:
        given = json.dumps(body) if isinstance(body, dict) else body
        connection.request(method, target, given, **more)
        reply = connection.getresponse()
        data = reply.read()
    if reply.headers.get("Content-Type") == "application/json" and data:
        data = json.loads(data)
    return reply.status, data, reply.headers


@contextlib.contextmanager
def docker_of(**arguments):
    with tempfile.TemporaryDirectory() as folder, Docker(f"{folder}/docker.sock", **arguments) as docker:
        yield docker


def started(docker, name="ecs-agent"):
    equal(ask(docker, "POST", f"/v1.41/containers/create?name={name}", AGENT)[0], 201)
    equal(ask(docker, "POST", f"/v1.41/containers/{name}/start")[0], 204)
    return ask(docker, "GET", f"/v1.41/containers/{name}/json")[1]


def test_ping_tells_the_version():
    with docker_of() as docker:
        for method, body in (("GET", b"OK"), ("HEAD", b"")):
            status, data, headers = ask(docker, method, "/_ping")
            equal((status, data, headers["Api-Version"]), (200, body, "1.41"))


@each(newest_of_20=("20.10", "1.41", 200), above_20=("20.10", "1.42", 400), oldest_of_25=("25", "1.24", 200),
      below_25=("25", "1.23", 400), above_25=("25", "1.45", 400), oldest_of_29=("29", "1.44", 200),
      below_29=("29", "1.43", 400), late_29=("29.10", "1.40", 200))
def test_version(engine, version, status):
    with docker_of(engine=engine) as docker:
        got, body, _ = ask(docker, "GET", f"/v{version}/version")
        equal(got, status)
        if status == 400:
            contains(body["message"], f"client version {version} is too")
        else:
            equal(body["ApiVersion"], docker.newest)


def test_images():
    with docker_of(images=["one:1"]) as docker:
        equal(ask(docker, "GET", "/v1.41/images/one:1/json")[1]["RepoTags"], ["one:1"])
        equal(ask(docker, "GET", f"/v1.41/images/{AGENT_IMAGE}/json")[0], 404)
        equal([i["RepoTags"] for i in ask(docker, "GET", "/v1.41/images/json?all=1")[1]], [["one:1"]])


def test_load_reads_chunks():
    with docker_of(images=[]) as docker:
        tar = (b"x" * 70000 for _ in range(40))
        status, body, _ = ask(docker, "POST", "/v1.41/images/load?quiet=1", tar, encode_chunked=True,
                              headers={"Transfer-Encoding": "chunked"})
        equal((status, body), (200, {"stream": f"Loaded image: {AGENT_IMAGE}\n"}))
        equal(docker.asked("load")[0].body_size, 2800000)
        equal(ask(docker, "GET", f"/v1.41/images/{AGENT_IMAGE}/json")[0], 200)


def test_bad_tar_is_200_with_an_error_line():
    with docker_of(images=[]) as docker:
        docker.image_in_tar = None
        status, body, _ = ask(docker, "POST", "/v1.41/images/load", b"no tar")
        equal((status, body["errorDetail"]["message"]), (200, "archive/tar: invalid tar header"))
        equal(ask(docker, "GET", f"/v1.41/images/{AGENT_IMAGE}/json")[0], 404)


def test_default_bridge():
    with docker_of() as docker:
        networks = ask(docker, "GET", '/v1.41/networks?filters={"driver":["bridge"]}')[1]
        equal(networks[0]["Options"]["com.docker.network.bridge.name"], "docker0")
        equal(docker.asked("networks")[0].query, {"filters": '{"driver":["bridge"]}'})


def test_container_is_a_process():
    with docker_of() as docker:
        seen = started(docker)
        pid = seen["State"]["Pid"]
        with open(f"/proc/{pid}/comm") as file:
            equal(file.read(), "sleep\n")
        equal((seen["Name"], seen["State"]["Running"], seen["Config"]["Labels"]), ("/ecs-agent", True, {"hash": "abc"}))
        equal(docker.asked("create")[0].json, AGENT)
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/start")[0], 304)
    check(not os.path.exists(f"/proc/{pid}/exe"), "the container lives on after the stand-in ended")


def test_cgroup_names_the_container():
    with tempfile.TemporaryDirectory() as proc, docker_of(proc=proc) as docker:
        seen = started(docker)
        pid = seen["State"]["Pid"]
        with open(f"{proc}/{pid}/cgroup") as file:
            contains(file.read(), seen["Id"])
        if not docker.container().cgroup:
            tap.skip("no cgroup may be made here: only the copy of /proc was looked at")
        with open(f"/proc/{pid}/cgroup") as file:
            contains(file.read(), seen["Id"])
        path = docker.container().cgroup.path
        ask(docker, "DELETE", "/v1.41/containers/ecs-agent?force=1")
        wait_until(lambda: not os.path.exists(path), 2, "the cgroup is gone")
        wait_until(lambda: not os.listdir(proc), 2, "the copy of /proc/PID is gone")


def test_stop_and_wait():
    with docker_of() as docker:
        started(docker)
        replies = []
        waiter = threading.Thread(target=lambda: replies.append(ask(docker, "POST", "/v1.41/containers/ecs-agent/wait")))
        waiter.start()
        wait_until(lambda: docker.asked("wait"))
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/stop?t=5")[0], 204)
        waiter.join()
        equal(replies[0][1]["StatusCode"], 143)
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/stop?t=5")[0], 304)


def test_stop_kills_what_does_not_end():
    with docker_of(runs=[["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"]]) as docker:
        started(docker)
        wait_until(lambda: docker.container().output)
        begin = time.monotonic()
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/stop?t=1")[0], 204)
        between(time.monotonic() - begin, 0.9, 2.5, "seconds")
        equal(docker.container().exit_code, 137)


def test_exit_codes_in_turn():
    with docker_of(runs=[["sh", "-c", "exit 42"], ["sh", "-c", "exit 5"]]) as docker:
        for code in (42, 5):
            started(docker)
            equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/wait")[1]["StatusCode"], code)
            equal(ask(docker, "DELETE", "/v1.41/containers/ecs-agent")[0], 204)


def test_kill():
    with docker_of() as docker:
        started(docker)
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/kill?signal=SIGINT")[0], 204)
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/wait")[1]["StatusCode"], 130)
        equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/kill")[0], 409)


def test_name_in_use():
    with docker_of() as docker:
        there = docker.add("ecs-agent")
        status, body, _ = ask(docker, "POST", "/v1.41/containers/create?name=ecs-agent", AGENT)
        equal(status, 409)
        contains(body["message"], there.id)
        equal(ask(docker, "DELETE", "/v1.41/containers/ecs-agent")[0], 409)
        equal(ask(docker, "DELETE", f"/v1.41/containers/{there.id}?force=1")[0], 204)
        equal(ask(docker, "GET", "/v1.41/containers/ecs-agent/json")[0], 404)


def test_list():
    with docker_of() as docker:
        docker.add("other", run=False)
        docker.add("ecs-agent")
        for query, names in (("", ["/ecs-agent"]), ("?all=1", ["/other", "/ecs-agent"]),
                             ('?all=1&filters={"name":["^/other$"]}', ["/other"])):
            equal([c["Names"][0] for c in ask(docker, "GET", f"/v1.41/containers/json{query}")[1]], names)


def test_create_without_the_image():
    with docker_of(images=[]) as docker:
        equal(ask(docker, "POST", "/v1.41/containers/create?name=a", AGENT)[0], 404)


def test_logs_come_in_frames():
    with docker_of(runs=[["sh", "-c", "echo out; echo err >&2"]]) as docker:
        started(docker)
        ask(docker, "POST", "/v1.41/containers/ecs-agent/wait")
        wait_until(lambda: len(docker.container().output) == 2)
        body = ask(docker, "GET", "/v1.41/containers/ecs-agent/logs?stdout=1&stderr=1&tail=200&timestamps=1")[1]
        equal(sorted(body[i] for i in (0, len(body) // 2)), [1, 2])
        contains(body.decode("latin-1"), "Z out\n")
        equal(ask(docker, "GET", "/v1.41/containers/ecs-agent/logs?stdout=1")[1], b"\x01\0\0\0\0\0\0\x04out\n")


@each(**{route: (route, method, target) for route, method, target in (
    ("networks", "GET", "/v1.41/networks"), ("image", "GET", "/v1.41/images/a/json"),
    ("load", "POST", "/v1.41/images/load"), ("create", "POST", "/v1.41/containers/create?name=a"),
    ("inspect", "GET", "/v1.41/containers/a/json"), ("start", "POST", "/v1.41/containers/a/start"),
    ("wait", "POST", "/v1.41/containers/a/wait"), ("stop", "POST", "/v1.41/containers/a/stop"),
    ("kill", "POST", "/v1.41/containers/a/kill"), ("delete", "DELETE", "/v1.41/containers/a"),
    ("logs", "GET", "/v1.41/containers/a/logs"), ("ping", "GET", "/_ping"), ("version", "GET", "/version"))})
def test_told_to_fail(route, method, target):
    with docker_of(wrong=[f"{route}=500:out of order*1"]) as docker:
        status, body, _ = ask(docker, method, target)
        equal((status, body["message"]), (500, "out of order"))
        equal(docker.asked(route)[0].status, 500)


def test_other_types():
    with docker_of(wrong=["version=types", "inspect=types", "networks=types"]) as docker:
        docker.add("ecs-agent", run=False)
        equal(ask(docker, "GET", "/version")[1]["ApiVersion"], ["1.41"])
        equal(ask(docker, "GET", "/v1.41/containers/ecs-agent/json")[1]["State"]["ExitCode"], "0")
        check(isinstance(ask(docker, "GET", "/v1.41/networks")[1], dict), "networks is still a list")


@each(silent=("silent", TimeoutError), close=("close", http.client.RemoteDisconnected), reset=("reset", OSError),
      garbage=("garbage", http.client.BadStatusLine), truncated=("truncated:5", http.client.IncompleteRead))
def test_broken(mood, error):
    with docker_of(wrong=[f"version={mood}"]) as docker, tap.raises(error):
        with contextlib.closing(Connection(docker.listen_at, 0.3)) as connection:
            connection.request("GET", "/version")
            connection.getresponse().read()


def test_huge():
    with docker_of(wrong=["version=long:100000000"]) as docker:
        equal(len(ask(docker, "GET", "/version")[1]), 100000000)


def test_odd_chunks_are_right():
    with docker_of(wrong=["version=chunked"]) as docker:
        equal(ask(docker, "GET", "/version")[1]["ApiVersion"], "1.41")


def test_absent_refusing_and_back():
    with docker_of() as docker:
        pid = started(docker)["State"]["Pid"]
        docker.go_away()
        with tap.raises(FileNotFoundError):
            ask(docker, "GET", "/_ping")
        docker.start()
        docker.crash()
        with tap.raises(ConnectionRefusedError):
            ask(docker, "GET", "/_ping")
        docker.start()
        equal(ask(docker, "GET", "/v1.41/containers/ecs-agent/json")[1]["State"]["Pid"], pid)


def test_command_line():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/docker.sock"
        argv = [sys.executable, f"{HERE}/../fakes/docker.py", "--socket", path, "--engine", "25", "--log", f"{folder}/log",
                "--run", "sh -c 'exit 5'", "--mode", "info=500"]
        with program.Started(argv) as process:
            process.wait_to_say(f"listening on {path}")
            docker = Docker(path, engine="25")      # for its path only
            started(docker)
            equal(ask(docker, "POST", "/v1.41/containers/ecs-agent/wait")[1]["StatusCode"], 5)
            equal(ask(docker, "GET", "/v1.41/info")[0], 500)
            process.signal(signal.SIGTERM)
            equal(process.end().code, 0)
        check(not os.path.exists(path), "the socket was left behind")
        with open(f"{folder}/log") as file:
            equal(json.loads(file.readline())["target"], "/v1.41/containers/create?name=ecs-agent")


if __name__ == "__main__":
    tap.main()
