"""The stand-in for IMDS itself: it keeps IMDSv2's rules and misbehaves as it is told."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from imds import META, BlackHole, Imds
from tap import check, contains, each, equal

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def ask(imds, method, path, headers=None, timeout=2):
    """Status, body, headers."""
    request = urllib.request.Request(imds.url + path, method=method, headers=headers or {})
    try:
        with direct.open(request, timeout=timeout) as reply:
            return reply.status, reply.read(), reply.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def token(imds, ttl="60"):
    return ask(imds, "PUT", "/latest/api/token", {TTL: ttl})[1].decode()


def get(imds, path, given=None):
    return ask(imds, "GET", path, {TOKEN: given or token(imds)})


def test_token_is_needed_and_works():
    with Imds("user data") as imds:
        equal(ask(imds, "GET", "/latest/user-data")[0], 401)
        equal(get(imds, "/latest/user-data", "made-up")[0], 401)
        status, body, headers = get(imds, "/latest/user-data")
        equal((status, body, headers["Content-Type"]), (200, b"user data", "application/octet-stream"))
        imds.expire_tokens()
        equal([str(r) for r in imds.asked("token")], ["PUT /latest/api/token 200"])


@each(none=({}, 400), zero=({TTL: "0"}, 400), least=({TTL: "1"}, 200), most=({TTL: "21600"}, 200),
      more=({TTL: "21601"}, 400), not_a_number=({TTL: "1h"}, 400),
      forwarded=({TTL: "60", "X-Forwarded-For": "10.0.0.1"}, 403))
def test_token_request(headers, status):
    with Imds() as imds:
        equal(ask(imds, "PUT", "/latest/api/token", headers)[0], status)


def test_token_path_has_no_date():
    with Imds() as imds:
        equal(ask(imds, "PUT", "/2021-03-23/api/token", {TTL: "60"})[0], 403)


def test_token_ends():
    with Imds("x") as imds:
        short = token(imds, "1")
        equal(get(imds, "/latest/user-data", short)[0], 200)
        time.sleep(1.05)
        equal(get(imds, "/latest/user-data", short)[0], 401)


def test_token_can_be_optional():
    with Imds("x", token_optional=True) as imds:
        equal(ask(imds, "GET", "/latest/user-data")[0], 200)
        equal(get(imds, "/latest/user-data", "made-up")[0], 401)


def test_no_user_data_is_404():
    with Imds() as imds:
        equal(get(imds, "/latest/user-data")[0], 404)
        equal(get(imds, "/latest/")[1], b"dynamic\nmeta-data")


@each(**{path.replace("/", " "): (path, value) for path, value in (
    ("instance-id", META["instance-id"]), ("instance-type", "t3.micro"), ("placement/region", "eu-central-1"),
    ("mac", META["mac"]), ("local-ipv4", "10.0.0.15"), ("services/domain", "amazonaws.com"),
    ("services/partition", "aws"), ("instance-life-cycle", "on-demand"),
    ("iam/security-credentials/", "ecsInstanceRole"), ("spot/instance-action", None))})
def test_item(path, value):
    with Imds() as imds:
        for version in ("latest", "2021-03-23"):
            status, body, _ = get(imds, f"/{version}/meta-data/{path}")
            equal((status, body.decode() if status == 200 else None), (404 if value is None else 200, value))


def test_item_can_be_set():
    with Imds() as imds:
        imds.set("instance-life-cycle", "spot")
        imds.set("tags/instance/Name", "one")
        equal(get(imds, "/latest/meta-data/instance-life-cycle")[1], b"spot")
        equal(get(imds, "/latest/meta-data/tags/instance/")[1], b"Name")
    equal(META["instance-life-cycle"], "on-demand")


def test_identity_document():
    with Imds() as imds:
        equal(json.loads(get(imds, "/latest/dynamic/instance-identity/document")[1])["region"], "eu-central-1")


def test_tree_can_be_crawled_as_cloud_init_does():
    with Imds("x") as imds:
        key = token(imds)

        def crawl(path):
            status, body, _ = get(imds, path, key)
            equal(status, 200, path)
            names = body.decode().split("\n")
            return {name: crawl(path + name) if name.endswith("/") else get(imds, path + name, key)[1].decode()
                    for name in names}
        tree = crawl("/2021-03-23/meta-data/")
        equal(tree["network/"]["interfaces/"]["macs/"][META["mac"] + "/"]["device-number"], "0")
        equal(tree["placement/"]["region"], "eu-central-1")


def test_requests_are_recorded():
    with Imds("x") as imds:
        get(imds, "/latest/user-data")
        first, second = imds.asked()
        equal((first.method, first.path, first.headers[TTL.lower()]), ("PUT", "/latest/api/token", "60"))
        equal((second.route, second.status, len(second.headers[TOKEN.lower()]) > 20), ("user-data", 200, True))


def test_status_so_many_times():
    with Imds("x", wrong=["token=503*2", "user-data=401*1"]) as imds:
        equal([ask(imds, "PUT", "/latest/api/token", {TTL: "60"})[0] for _ in range(3)], [503, 503, 200])
        key = token(imds)
        equal([get(imds, "/latest/user-data", key)[0] for _ in range(2)], [401, 200])


def test_headers_of_a_refusal():
    with Imds("x", wrong=["token=429:7*1", "user-data=302:http://127.0.0.1:9/x"]) as imds:
        status, _, headers = ask(imds, "PUT", "/latest/api/token", {TTL: "60"})
        equal((status, headers["Retry-After"]), (429, "7"))
        status, _, headers = get(imds, "/latest/user-data")
        equal((status, headers["Location"]), (302, "http://127.0.0.1:9/x"))


def test_mood_is_for_one_path():
    with Imds("x", wrong=["meta-data/instance-id=500"]) as imds:
        equal(get(imds, "/latest/meta-data/instance-id")[0], 500)
        equal(get(imds, "/latest/meta-data/instance-type")[0], 200)
        imds.behave()
        equal(get(imds, "/latest/meta-data/instance-id")[0], 200)


@each(html=("html", b"<html>"), binary=("binary", b"\0\1\2"), empty=("empty", b""), body=("body:a=b*c", b"a=b*c"),
      delay=("delay:0.1", b"user data"), drip=("drip:0.001", b"user data"), chunked=("chunked", b"user data"))
def test_answer(mood, start):
    with Imds("user data", wrong=[f"user-data={mood}"]) as imds:
        status, body, _ = get(imds, "/latest/user-data")
        equal((status, body[:len(start)]), (200, start))


def test_long_answer():
    with Imds("x", wrong=["user-data=long"]) as imds:
        equal(len(get(imds, "/latest/user-data")[1]), 10 << 20)


@each(truncated=(http.client.IncompleteRead, "truncated:3"), garbage=(http.client.BadStatusLine, "garbage"),
      close=(http.client.RemoteDisconnected, "close"), reset=(ConnectionResetError, "reset"),
      silent=(TimeoutError, "silent"), bad_chunks=(http.client.IncompleteRead, "badchunks"))
def test_broken_answer(error, mood):
    with Imds("user data", wrong=[f"user-data={mood}"]) as imds:
        key = token(imds)
        with contextlib.closing(http.client.HTTPConnection(*imds.listen_at, timeout=0.3)) as connection, tap.raises(error):
            connection.request("GET", "/latest/user-data", headers={TOKEN: key})
            connection.getresponse().read()


@each(endless_body=("endless",), endless_headers=("headers",))
def test_endless(mood):
    with Imds("x", wrong=[f"*={mood}"]) as imds, socket.create_connection(imds.listen_at, 2) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        got = 0
        while got < 1 << 20:
            got += len(connection.recv(65536))


def test_refuses_while_down():
    imds = Imds("x")
    with imds:
        port = imds.listen_at
    with tap.raises(ConnectionRefusedError):
        socket.create_connection(port, 1)
    with imds:
        equal((imds.listen_at, get(imds, "/latest/user-data")[0]), (port, 200))


def test_black_hole_lets_nobody_in():
    with BlackHole() as hole, tap.raises(TimeoutError):
        socket.create_connection(hole.listen_at, 0.3)


def test_ipv6():
    if not program.has_ipv6():
        tap.skip("no IPv6 loopback")
    with Imds("x", listen=("::1", 0)) as imds:
        contains(imds.url, "http://[::1]:")
        equal(get(imds, "/latest/user-data")[1], b"x")


def test_unknown_mood_is_refused():
    for text in ("token", "token=", "=503", "token=nonsense"):
        with tap.raises(ValueError):
            Imds(wrong=[text])


def test_command_line():
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/ud", "w") as file:
            file.write("from a file")
        port = program.free_port()
        argv = [sys.executable, f"{HERE}/../fakes/imds.py", "--listen", f"127.0.0.1:{port}", "--user-data", f"{folder}/ud",
                "--log", f"{folder}/log", "--set", "instance-life-cycle=spot", "--mode", "token=503*1"]
        with program.Started(argv) as started:
            started.wait_to_say(f"listening on http://127.0.0.1:{port}")
            imds = Imds(listen=("127.0.0.1", port))     # for its url only
            equal(ask(imds, "PUT", "/latest/api/token", {TTL: "60"})[0], 503)
            equal(get(imds, "/latest/user-data")[1], b"from a file")
            equal(get(imds, "/latest/meta-data/instance-life-cycle")[1], b"spot")
            started.signal(signal.SIGTERM)
            equal(started.end().code, 0)
        with open(f"{folder}/log") as file:
            log = [json.loads(line) for line in file]
        equal([(e["method"], e["status"]) for e in log][:3], [("PUT", 503), ("PUT", 200), ("GET", 200)])
        check(TTL.lower() in log[0]["headers"], "headers are not in the log")


if __name__ == "__main__":
    tap.main()
