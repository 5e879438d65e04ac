"""ecs-bootstrap config while IMDS is off, late, slow or lying."""

import concurrent.futures
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from bootstrap import COPY, KIND, Host, refused
from imds import BlackHole, Imds
from tap import between, check, contains, each, equal, together

PLAIN = "#ecs-bootstrap\nECS_CLUSTER=prod\n"
PROD = ["ECS_CLUSTER=prod"]
FROM_COPY = ["ECS_CLUSTER=copy"]


def served(mood, seconds=4, **more):
    """Runs against an IMDS in this mood that gives the user data in the end."""
    with Host() as host, Imds(PLAIN, wrong=mood, **more) as imds:
        result = host.config(imds=imds, seconds=seconds).exits(0)
        equal(host.block(), PROD)
        equal(len(result.lines), 1, f"lines on stderr:\n{result.err}")
        return result, imds


def unserved(service, seconds, words, limit=None):
    """Without a copy: refused, nothing touched. With cloud-init's copy: that is used, and this is said."""
    def without_copy():
        with Host() as host:
            host.config_of("#ecs-bootstrap\nECS_CLUSTER=before\n").exits(0)
            before = host.state("/etc")
            result = host.config(imds=service, seconds=seconds).within(limit or seconds + 0.7)
            refused(result, host, before, words, kind="failed")

    def with_copy():
        with Host() as host:
            host.write(COPY, "#ecs-bootstrap\nECS_CLUSTER=copy\n")
            result = host.config(imds=service, seconds=seconds).exits(0).says(COPY)
            equal((host.block(), host.kind), (FROM_COPY, "ours"))
            check(len(result.lines) <= 2, f"lines on stderr:\n{result.err}")

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(without_copy), pool.submit(with_copy)]:
            done.result()


@together
@each(busy=(["token=503*2"], ["PUT 503", "PUT 503", "PUT 200", "GET 200"]),
      broken=(["token=500*1", "user-data=500*2"], ["PUT 500", "PUT 200", "GET 500", "GET 500", "GET 200"]),
      expired_token=(["user-data=401*1"], ["PUT 200", "GET 401", "PUT 200", "GET 200"]),
      hangs_up=(["token=close*1", "user-data=reset*1"], ["PUT 0", "PUT 200", "GET 0", "GET 200"]),
      cut_short=(["user-data=truncated*1"], ["PUT 200", "GET 200", "GET 200"]),
      odd_chunks=(["token=chunked", "user-data=chunked"], ["PUT 200", "GET 200"]),
      a_little_late=(["token=delay:0.3", "user-data=delay:0.3"], ["PUT 200", "GET 200"]))
def test_is_asked_again(mood, wanted):
    _, imds = served(mood)
    equal([f"{r.method} {r.status}" for r in imds.asked("token", "user-data")], wanted)


@together
@each(too_many_requests=("429",), service_unavailable=("503",))
def test_waits_as_long_as_told(status):
    _, imds = served([f"token={status}:1*1"])
    first, second, _ = imds.asked("token", "user-data")
    between(second.at - first.at, 0.95, 2, "seconds between the two")


def test_token_that_expires_between_is_replaced():
    _, imds = served(["user-data=401*1"])
    puts, gets = imds.asked("token"), imds.asked("user-data")
    equal((len(puts), len(gets)), (2, 2))
    check(gets[0].headers["x-aws-ec2-metadata-token"] != gets[1].headers["x-aws-ec2-metadata-token"],
          "the old token was used again")


@together
def test_comes_up_late():
    with Host() as host, Imds(PLAIN) as imds:
        imds.stop()
        late = threading.Timer(0.8, imds.start)
        late.start()
        host.config(imds=imds, seconds=5).exits(0)
        late.join()
        equal(host.block(), PROD)


def test_ipv6():
    if not program.has_ipv6():
        tap.skip("no IPv6 loopback")
    served([], listen=("::1", 0))


def test_endpoint_may_end_in_a_slash():
    with Host() as host, Imds(PLAIN) as imds:
        host.config(imds=imds, AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url + "/").exits(0)
        equal([r.path for r in imds.asked("token", "user-data")], ["/latest/api/token", "/latest/user-data"])


# Switched off: not a fault

@each(by_the_environment=([], {"AWS_EC2_METADATA_DISABLED": "true"}),
      by_403_for_the_token=(["token=403"], {}), by_403_for_user_data=(["user-data=403"], {}))
def test_switched_off(mood, env):
    with Host() as host, Imds(PLAIN, wrong=mood) as imds:
        host.config_of("#ecs-bootstrap\nECS_CLUSTER=before\n").exits(0)
        before = host.state("/etc")
        result = host.config(imds=imds, **env).exits(0).within(1)
        program.same_state(before, host.state("/etc"))
        equal(len(result.lines), 1, f"lines on stderr:\n{result.err}")
        equal(host.kind, "unknown", KIND)
        check(len(imds.asked()) <= 2, "a service that is off was asked again")


@each(by_the_environment=([], {"AWS_EC2_METADATA_DISABLED": "TRUE"}), by_403=(["token=403"], {}))
def test_switched_off_with_a_copy(mood, env):
    with Host() as host, Imds(PLAIN, wrong=mood) as imds:
        host.write(COPY, "#ecs-bootstrap\nECS_CLUSTER=copy\n")
        host.config(imds=imds, **env).exits(0).says(COPY)
        equal((host.block(), host.kind), (FROM_COPY, "ours"))


def test_disabled_means_not_asked():
    with Host() as host, Imds(PLAIN) as imds:
        host.config(imds=imds, AWS_EC2_METADATA_DISABLED="true").exits(0)
        equal(imds.asked(), [])


# Not there, or lying: a fault, unless cloud-init's copy helps

@together
def test_refusing():
    unserved(None, 1, "refused")


@together
def test_black_hole():
    with BlackHole() as hole:
        unserved(hole, 1, "timed? ?out|Timeout")


@together
@each(silent=("*=silent",), drips=("token=drip:0.2",), always_503=("token=503",), always_429=("token=429:30",),
      user_data_silent=("user-data=silent",), user_data_drips=("user-data=drip:0.2",), user_data_500=("user-data=500",))
def test_never_answers(mood):
    with Imds(PLAIN, wrong=[mood]) as imds:
        unserved(imds, 1, "api/token|user-data")


@together
@each(token_400=("token=400",), token_404=("token=404",), token_is_html=("token=html",), token_is_binary=("token=binary",),
      token_is_empty=("token=empty",), token_with_line_ends=("token=body:AAA\r\nX-Forged: 1",), token_of_10_MB=("token=long",),
      token_without_end=("token=endless",), headers_without_end=("token=headers",), always_401=("user-data=401",),
      token_redirects=("token=302:{other}/latest/api/token",), redirects=("user-data=302:{other}/latest/user-data",),
      of_10_MB=("user-data=long",), without_end=("user-data=endless",), html=("user-data=html",))
def test_lies(mood):
    with Imds("#ecs-bootstrap\nECS_CLUSTER=other\n", token_optional=True) as other:
        with Imds(PLAIN, wrong=[mood.format(other=other.url)]) as imds:
            unserved(imds, 5, "api/token|user-data", limit=2)
            equal(other.asked(), [], "requests where a redirect led")
            # Twice, for unserved() runs twice: a lie is not asked for again, but for one new token after 401.
            most = 4 if "401" in mood else 2
            equal(len(imds.asked("token")), most)
            check(len(imds.asked("user-data")) <= most, "a lie was asked for again")


@together
@each(garbage=("token=garbage",), garbage_for_user_data=("user-data=garbage",), truncated=("user-data=truncated:5",),
      truncated_token=("token=truncated",), bad_chunks=("user-data=badchunks",), hangs_up=("*=close",), resets=("*=reset",))
def test_broken_answers(mood):
    with Imds(PLAIN, wrong=[mood]) as imds:
        unserved(imds, 1, "api/token|user-data")


@each(not_http=("ftp://127.0.0.1",), no_address=("nonsense",), too_long=("http://" + "a" * 300,), no_host=("http://",))
def test_endpoint_that_is_none(endpoint):
    with Host() as host:
        before = host.state("/etc")
        result = host.config(seconds=1, AWS_EC2_METADATA_SERVICE_ENDPOINT=endpoint)
        refused(result, host, before, "AWS_EC2_METADATA_SERVICE_ENDPOINT", kind="failed")


def test_no_time_at_all():
    with Host() as host:
        before = host.state("/etc")
        refused(host.config(seconds=0).within(1), host, before, kind="failed")


def test_failure_does_not_hide_the_cause():
    with Host() as host, Imds(wrong=["token=404"]) as imds:
        result = host.config(imds=imds).exits(1)
        contains(result.err, f"PUT {imds.url}/latest/api/token")
        contains(result.err, "404")


if __name__ == "__main__":
    tap.main()
