"""The agent's image from S3: what is asked for, what interruptions and lies lead to, and that nothing is left behind."""

import os
import pty
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import openpgp
import program
import tap
from download import HOME, PART, REGIONAL, VERSION, Downloading, key
from imds import Imds
from s3 import S3, File
from supervisor import STATE, TAR
from tap import between, check, contains, each, equal, matches, together, wait_until

SIZE = 3_000_000
DATA = os.urandom(SIZE)
OTHER = os.urandom(SIZE + 5)
ASC = openpgp.detached(DATA)


# What is asked for

def test_image_that_is_nowhere_is_downloaded_once():
    with Downloading() as i:
        i.publish(DATA)
        i.verb("pre-start").exits(0).says(r"downloaded the agent's image from 'http://.*/amazon-ecs-agent/ecs-agent-.*; its signature is good")
        i.has_it(DATA)
        equal(i.routes, [f"{HOME}:asc", f"{HOME}:tar"])
        equal(i.mode(TAR), 0o600)
        i.verb("pre-start").exits(0)
        i.verb("reload-cache").exits(0)
        equal(len(i.s3.asked()), 2, "requests: what is there is not downloaded again")


@each(loaded=(True, None), loaded_and_state_0=(True, "0"), tar=(False, None), tar_and_state_0=(False, "0"))
def test_what_is_there_is_not_downloaded(loaded, state):
    with Downloading(image=loaded) as i, Imds() as imds:
        i.publish(DATA)
        if not loaded:
            i.write(TAR, "a tar")
        if state:
            i.write(STATE, state)
        i.verb("pre-start", AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url).exits(0)
        equal((i.s3.asked(), imds.asked()), ([], []), "requests to S3 and the metadata service")


def test_start_downloads_what_has_gone_away():
    with Downloading() as i:
        i.publish(DATA)
        with i.start():
            i.wait_ready(10)
        i.has_it(DATA)


@each(state_0=("0", True, 1), state_1=("1", True, 0), no_state=(None, True, 0), no_tar=("1", False, 1), nonsense=("x", True, 0))
def test_reload_cache(state, tar, downloads):
    with Downloading(image=True) as i:
        i.publish(DATA)
        if state:
            i.write(STATE, state)
        if tar:
            i.write(TAR, "the old tar")
        i.verb("reload-cache").exits(0)
        equal(len(i.ranges), downloads, "downloads")
        equal(i.cached(), DATA if downloads else b"the old tar")
        equal((i.read(STATE), len(i.docker.asked("load"))), ("1", 1))


def test_failed_reload_cache_keeps_the_old_tar():
    with Downloading(image=True) as i:
        i.write(STATE, "0")
        i.write(TAR, "the old tar")
        i.verb("reload-cache").exits(255).says("404")
        equal((i.cached(), i.files), (b"the old tar", ["ecs-agent.tar", "state"]))


@each(latest=("latest", 0), another=("1.99.0", 0), evil=("../../x", 255), empty=("", 0))
def test_another_version(version, code):
    with Downloading() as i:
        i.publish(DATA, version=version if code == 0 and version else VERSION)
        i.write("/etc/ecs/ecs.config", f"ECS_AGENT_VERSION={version}\n")
        result = i.verb("pre-start").exits(code)
        if code:
            result.says("ECS_AGENT_VERSION")
            i.has_nothing()


# Where

def test_second_bucket():
    with Downloading() as i:
        i.publish(DATA, buckets=[REGIONAL])
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.routes, [f"{HOME}:asc", f"{REGIONAL}:asc", f"{REGIONAL}:tar"])


@each(imds=({}, "amazon-ecs-agent-eu-central-1"),
      external=({"ECS_EXTERNAL": "true", "AWS_DEFAULT_REGION": "sa-east-1"}, "amazon-ecs-agent-sa-east-1"),
      external_without_region=({"ECS_EXTERNAL": "true"}, "amazon-ecs-agent-us-east-1"))
def test_region(env, bucket):
    with Downloading() as i, Imds() as imds:
        i.publish(DATA, buckets=[bucket])
        i.verb("pre-start", AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url, **env).exits(0)
        i.has_it(DATA)
        equal(bool(imds.asked()), not env, "the metadata service was asked")


@together
@each(silent="*=silent", refusing="*=close", no_region="meta-data/placement/region=404", nonsense="meta-data/placement/region=body:../x")
def test_metadata_service_that_does_not_help(mood):
    with Downloading() as i, Imds(wrong=[mood]) as imds:
        i.publish(DATA)
        i.verb("pre-start", AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url).exits(0).within(8).says("us-east-1")
        i.has_it(DATA)


def test_bucket_in_another_region():
    with Downloading(s3=[f"{HOME}:asc=moved:eu-west-1*1"]) as i:
        i.publish(DATA)
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.routes, [f"{HOME}:asc", f"{HOME}:asc", f"{HOME}:tar"])


@each(elsewhere="302:http://127.0.0.1:9/", moved_for_ever="moved:eu-west-1", moved_nowhere="301", moved_to_nonsense="moved:../../x")
def test_redirects_that_are_not_followed(mood):
    with Downloading(s3=[f"*={mood}"]) as i:
        i.publish(DATA)
        i.verb("pre-start").exits(255).says("HTTP status 30")
        i.has_nothing()
        between(len(i.s3.asked()), 2, 4, "requests")


# Interruptions

@together
@each(cut="cut:1000000", late="late:1", cut_twice="cut:700000")
def test_interrupted_download_goes_on(mood):
    with Downloading(s3=[f"{HOME}:tar={mood}*{2 if mood.endswith('700000') else 1}"]) as i:
        i.publish(DATA)
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.ranges, {"cut:1000000": [None, "bytes=1000000-"], "late:1": [None],
                         "cut:700000": [None, "bytes=700000-", "bytes=1400000-"]}[mood])
        equal(i.s3.sent, SIZE + len(ASC), "bytes sent: none of them twice")


@together
def test_stalled_download_goes_on():
    with Downloading(s3=[f"{HOME}:tar=stall:1000000*1"]) as i:
        i.publish(DATA)
        i.verb("pre-start", 60).exits(0)
        i.has_it(DATA)
        equal(i.ranges, [None, "bytes=1000000-"])


def begin_and_kill(i, number):
    """A pre-start that is killed in the midst of the download."""
    i.s3.misbehave(f"{HOME}:tar=stall:1000000*1")
    with i.begin("pre-start") as first:
        wait_until(lambda: i.has(PART) and os.path.getsize(i.at(PART)) == 1000000, 10, "a million bytes have come")
        first.signal(number)
        first.child.wait(10)
    equal(i.files, ["ecs-agent.tar.part"])
    i.s3.forget()


@each(killed=signal.SIGKILL, terminated=signal.SIGTERM)
def test_next_process_goes_on(number):
    with Downloading() as i:
        i.publish(DATA)
        begin_and_kill(i, number)
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.ranges, ["bytes=1000000-"])
        equal([r.headers["if-range"] for r in i.s3.asked() if "range" in r.headers], [i.s3.objects[f"{HOME}/{key()}"].etag])


def test_object_that_changed_meanwhile():
    with Downloading() as i:
        i.publish(DATA)
        begin_and_kill(i, signal.SIGKILL)
        i.publish(OTHER)
        i.verb("pre-start").exits(0)
        i.has_it(OTHER)
        equal([r.status for r in i.s3.asked() if "range" in r.headers], [200])


def test_other_version_does_not_go_on():
    with Downloading() as i:
        i.publish(DATA)
        begin_and_kill(i, signal.SIGKILL)
        i.publish(OTHER, version="1.106.0")
        i.verb("pre-start", ECS_AGENT_VERSION="1.106.0").exits(0)
        i.has_it(OTHER)
        equal(i.ranges, [None])


def test_bytes_that_a_crash_spoiled_are_fetched_again():
    with Downloading() as i:
        i.publish(DATA)
        begin_and_kill(i, signal.SIGKILL)
        with open(i.at(PART), "r+b") as file:
            file.write(bytes(4096))             # what a file system may leave of blocks that were never written
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.ranges, ["bytes=1000000-", None])


def test_download_that_only_lacked_its_name():
    with Downloading() as i:
        i.publish(DATA)
        begin_and_kill(i, signal.SIGKILL)
        with open(i.at(PART), "wb") as file:    # truncating keeps the note of what it is
            file.write(DATA)
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal([(r.headers.get("range"), r.status) for r in i.s3.asked() if r.route.endswith("tar")], [(f"bytes={SIZE}-", 416)])


@each(junk=b"junk", nothing=b"")
def test_partial_file_of_unknown_origin(junk):
    with Downloading() as i:
        i.publish(DATA)
        i.write(PART, junk)
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.ranges, [None])


@each(ignored="ignore", shifted="shift", cut_again="cut:100000", changed_tag="noetag")
def test_bad_answers_to_a_range(mood):
    with Downloading() as i:
        i.publish(DATA)
        begin_and_kill(i, signal.SIGKILL)
        i.s3.misbehave(f"{HOME}:tar={mood}*1")
        i.verb("pre-start").exits(0)
        i.has_it(DATA)


@each(no_length="nolength", no_tag="noetag", weak_tag="weak", chunks="chunked")
def test_answers_of_other_kinds(mood):
    with Downloading(s3=[f"{HOME}:tar={mood}"]) as i:
        i.publish(DATA[:300000])
        i.verb("pre-start").exits(0)
        i.has_it(DATA[:300000])


@each(no_tag="noetag", weak_tag="weak")
def test_without_a_tag_it_begins_anew(mood):
    with Downloading(s3=[f"{HOME}:tar=cut:1000000*1"]) as i:
        i.publish(DATA)
        i.s3.objects[f"{HOME}/{key()}"].etag = 'W/"weak"' if mood == "weak" else ""
        i.verb("pre-start").exits(0)
        i.has_it(DATA)
        equal(i.ranges, [None, None])


# Lies

def refused_everywhere(i, words):
    i.verb("pre-start").exits(255).says(words)
    i.has_nothing()


@together
@each(other_bytes=("wrong", "not the one that was signed"), empty=("empty", "not the one that was signed"), html=("html", "not the one"),
      more_bytes=("longer:7", "not the one that was signed"), huge=("longer:2000000000", "too much for an agent's image"))
def test_tar_that_is_not_what_was_signed(mood, words):
    with Downloading(s3=[f"*:tar={mood}"]) as i:
        i.publish(DATA, buckets=[HOME, REGIONAL])
        refused_everywhere(i, words)
        equal(len(i.ranges), 2, "each bucket was tried once")


def test_one_bucket_that_lies_is_passed_over():
    with Downloading(s3=[f"{HOME}:tar=wrong"]) as i:
        i.publish(DATA, buckets=[HOME, REGIONAL])
        i.verb("pre-start").exits(0)
        i.has_it(DATA)


SIGNATURES = {
    "of_another_file": (openpgp.detached(OTHER), "not the one that was signed", True),
    "of_another_key": (openpgp.detached(DATA, openpgp.STRANGER), "made with key C833477BEFEF6CC1", False),
    "with_sha1": (openpgp.detached(DATA, number=2), "hash 2", False),
    "of_a_text": (openpgp.detached(DATA, kind=1), "type 0x01", False),
    "of_version_3": (openpgp.detached(DATA, version=3), "version 3", False),
    "cut_off": (ASC[:300], "cut off", False),
    "damaged": (ASC[:200] + b"A" + ASC[201:], "damaged", False),
    "doubled": (ASC + ASC, "something follows", False),
    "web_page": (b"<html>Please log in</html>", "no armored signature", False),
    "empty": (b"", "no armored signature", False),
    "huge": (b"A" * 1000000, "larger than", False),
}


@together
@each(**SIGNATURES)
def test_signature(asc, words, fetched):
    with Downloading() as i:
        i.publish(DATA, asc=asc)
        if words == "larger than":
            with i.begin("pre-start") as waiting:
                waiting.wait_to_say(words)
            return
        refused_everywhere(i, words)
        equal(len(i.ranges), 1 if fetched else 0, "tars that were fetched: not without a signature of the right key")


@each(sha384={"number": 9}, sha512={"number": 10}, as_gpg_2_0={"fingerprint": False})
def test_signatures_that_are_taken(kind):
    with Downloading() as i:
        i.publish(DATA, asc=openpgp.detached(DATA, **kind))
        i.verb("pre-start").exits(0)
        i.has_it(DATA)


def test_shipped_engine_trusts_amazon_alone():
    with Downloading() as i:
        i.publish(DATA)
        with open(program.path_of("amazon-ecs-init"), "rb") as shipped, open(f"{i.bin}/amazon-ecs-init", "wb") as file:
            file.write(shipped.read())
        refused_everywhere(i, "made with key 3E3DF051E2512EF1, not with 50DECCC4710E61AF of Amazon ECS")
        equal(i.ranges, [])


# Refusals

@each(denied=("*=403", "HTTP status 403 AccessDenied"), missing=(None, "HTTP status 404 NoSuchKey"))
def test_refusal(mood, words):
    with Downloading(s3=[mood] if mood else []) as i:
        if mood:
            i.publish(DATA)
        result = i.verb("pre-start").exits(255).within(5).says(words)
        last = result.lines[-1]
        for bucket in (HOME, REGIONAL):
            contains(last, f"/{bucket}/{key()}.asc", "the last line")
        i.has_nothing()


def test_refused_download_is_not_repeated_at_once():
    with Downloading(s3=["*:tar=wrong"]) as i:
        i.publish(DATA, buckets=[HOME, REGIONAL])
        i.verb("pre-start").exits(255)
        i.s3.forget()
        with i.begin("pre-start") as second:        # as systemd does after three seconds
            wait_until(lambda: any("failed before" in m for m in i.notify.all("STATUS")), 5, "it is said that it waits")
            time.sleep(1)
            equal((second.running, i.s3.asked()), (True, []))
        i.verb("reload-cache").exits(255)           # but somebody who asks is answered
        equal(len(i.ranges), 2)


def test_refused_load_is_not_repeated_at_once():
    with Downloading() as i:
        i.publish(DATA)
        i.docker.image_in_tar = None
        i.verb("pre-start").exits(255).says("invalid tar header")
        with i.begin("pre-start") as second:
            wait_until(lambda: any("failed before" in m for m in i.notify.all("STATUS")), 5, "it is said that it waits")
            equal((second.running, len(i.docker.asked("load")), len(i.ranges)), (True, 1, 1))
        i.docker.image_in_tar = "amazon/amazon-ecs-agent:latest"
        i.write(TAR, DATA)                          # another tar may be tried at once
        i.verb("pre-start").exits(0).within(3)


@together
@each(slow_down="*:asc=503*2", retry_after="*:asc=503:2*1", reset="*=reset*2", error="*:tar=500*2", garbage="*:asc=garbage*2", closes="*=close*3")
def test_what_passes_is_waited_for(mood):
    with Downloading(s3=[mood]) as i:
        i.publish(DATA)
        result = i.verb("pre-start", 40).exits(0)
        i.has_it(DATA)
        if mood.startswith("*:asc=503:2"):
            between(result.seconds, 2, 40, "seconds: S3 asked for two")


def test_network_that_is_late():
    with Downloading() as i:
        i.publish(DATA)
        i.s3.stop()
        with i.begin("pre-start") as waiting:
            wait_until(lambda: any("Connection refused" in m for m in i.notify.all("STATUS")), 5, "STATUS= says why it waits")
            time.sleep(2)
            check(waiting.running, f"pre-start gave up\n{waiting.err}")
            check(len(waiting.err.splitlines()) <= 3, f"too much is said:\n{waiting.err}")
            i.s3.start()
            waiting.end(40).exits(0)
        i.has_it(DATA)


class Tls(S3):
    """The stand-in with a certificate of its own."""

    def __init__(self, folder):
        super().__init__()
        self.certificate = f"{folder}/certificate.pem"
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=s3", "-addext",
                               "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", self.certificate], capture_output=True)
        equal(made.returncode, 0, "openssl req")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, f"{folder}/key.pem")

    def converse(self, connection):
        try:
            connection = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            return connection.close()
        return super().converse(connection)

    def env(self, **more):
        return {"AWS_ENDPOINT_URL_S3": self.url.replace("http:", "https:"), **more}


@each(trusted=True, unknown=False)
def test_tls(trusted):
    if not shutil.which("openssl"):
        tap.skip("openssl is not installed")
    with Downloading() as i, Tls(i.path) as s3:
        i.publish(DATA)
        s3.objects = i.s3.objects
        if trusted:
            i.verb("pre-start", **s3.env(AWS_CA_BUNDLE=s3.certificate)).exits(0)
            return i.has_it(DATA)
        with i.begin("pre-start", **s3.env()) as waiting:
            waiting.wait_to_say("certificate")
        equal(s3.asked(), [], "requests to somebody who is not known")


# Beside it

@each(nobody_answers=True, stalled=False)
def test_start_can_be_stopped_while_it_waits(absent):
    with Downloading(s3=[] if absent else [f"{HOME}:tar=stall:1000000"]) as i:
        i.publish(DATA)
        if absent:
            i.s3.stop()
        with i.start() as supervisor:
            wait_until(lambda: any("ownload" in m for m in i.notify.all("STATUS")), 5, "it downloads")
            time.sleep(0.5)
            supervisor.signal(signal.SIGTERM)
            supervisor.end(8).exits(0)
        equal(i.files, [] if absent else ["ecs-agent.tar.part"])


def test_two_at_a_time():
    with Downloading(s3=[f"{HOME}:tar=late:2*1"]) as i:
        i.publish(DATA)
        results = []
        threads = [threading.Thread(target=lambda v=v: results.append(i.verb(v))) for v in ("pre-start", "reload-cache", "pre-start")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            result.exits(0)
        i.has_it(DATA)
        equal(len(i.ranges), 1, "downloads")


def test_status_tells_how_far_it_is():
    with Downloading(s3=[f"{HOME}:tar=late:2*1"]) as i:
        i.publish(DATA)
        with i.begin("pre-start") as running:
            running.end().exits(0)
        said = "\n".join(i.notify.all("STATUS"))
        matches(said, r"Downloading the agent's image: \d+ %, \d of 3 MB")
        contains(said, "Loading the agent's image")


def test_bar_on_a_terminal():
    with Downloading(s3=[f"{HOME}:tar=late:1*1"]) as i:
        i.publish(DATA)
        ours, theirs = pty.openpty()
        shown = []

        def read():
            try:
                while data := os.read(ours, 4096):
                    shown.append(data)
            except OSError:
                pass                                # the other end was closed
        reader = threading.Thread(target=read)
        reader.start()
        child = subprocess.Popen(i.argv("reload-cache"), env=i.env(), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
        os.close(theirs)
        equal(child.wait(20), 0)
        reader.join(5)
        os.close(ours)
        text = b"".join(shown).decode()
        matches(text, r"\[#+ *\] \d+ %, \d of 3 MB")
        matches(text.rsplit("[#", 1)[1], r"\x1b\[K[^\[]*downloaded", "the bar is gone before the next line")


def peak_rss(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            return max((int(line.split()[1]) for line in file if line.startswith("VmHWM")), default=0)
    except OSError:
        return 0


def test_memory_stays_flat():
    size = 200 << 20
    with Downloading() as i:
        i.write("/big", b"head")
        big = File(i.at("/big"), size)
        i.s3.put(f"{HOME}/{key()}", big)
        i.s3.put(f"{HOME}/{key()}.asc", openpgp.detached(big.pieces(0, size)))
        peak = 0
        with i.begin("pre-start") as running:
            while running.running:
                peak = max(peak, peak_rss(running.pid))
                time.sleep(0.01)
            running.end().exits(0)
        equal([r.body_size for r in i.docker.asked("load")], [size])
        between(peak >> 10, 1, 200 if "/san" in program.BIN else 24, "peak RSS in MiB")


def test_nothing_is_written_elsewhere():
    with Downloading() as i:
        i.publish(DATA)
        before = set(os.listdir("/tmp"))
        i.verb("pre-start").exits(0)
        new = {name for name in set(os.listdir("/tmp")) - before if "ecs" in name and not name.startswith(("root-", "ecs-"))}
        equal(new, set())
        equal([r for r in i.routes if "md5" in r], [], "MD5 is not needed, and FIPS hosts have none")


if __name__ == "__main__":
    tap.main()
