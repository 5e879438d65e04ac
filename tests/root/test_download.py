"""The agent's image from a stand-in for S3 into a real dockerd, tars that Docker refuses, and a full disk."""
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import openpgp
import tap
from download import HOME, PART, key
from host import STATE, TAR, Host, Supervised, image_tar
from instance import BUILD, REPOSITORY
from tap import check, contains, each, equal

PORT = 18444


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def other_image():
    """The stand-in agent's archive under another name."""
    out = io.BytesIO()
    with tarfile.open(image_tar()) as old, tarfile.open(fileobj=out, mode="w") as new:
        for entry in old:
            data = old.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(data)
                manifest[0]["RepoTags"] = ["example/other:1"]
                data = json.dumps(manifest).encode()
                entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@contextlib.contextmanager
def downloading(*wrong):
    """A host without the tar, whose engine trusts the tests' key; the object and its signature are in S3."""
    with tempfile.TemporaryDirectory(prefix="ecs-programs-") as programs:
        os.chmod(programs, 0o755)
        for name in os.listdir(os.path.join(BUILD, "bin")):
            shutil.copy(os.path.join(BUILD, "bin", name), programs)
        engine = os.path.join(BUILD, "tests", "amazon-ecs-init")
        check(os.access(engine, os.X_OK), f"{engine}: not there; run make {os.path.relpath(engine, REPOSITORY)}")
        shutil.copy(engine, programs)
        data = contents(image_tar())
        for name, what in (("tar", data), ("asc", openpgp.detached(data))):
            with open(os.path.join(programs, name), "wb") as file:
                file.write(what)
        with Host(state=None, programs=programs) as host:
            os.unlink(host.path(TAR))
            objects = [f"--object={HOME}/{key()}={programs}/tar", f"--object={HOME}/{key()}.asc={programs}/asc"]
            s3 = host.popen([sys.executable, f"{REPOSITORY}/tests/fakes/s3.py", "--listen", f"127.0.0.1:{PORT}", *objects,
                             *(f"--wrong={w}" for w in wrong)], stdout=subprocess.PIPE)
            check(s3.stdout.readline().startswith(b"listening"), "the stand-in for S3 does not listen")
            yield host


ENV = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{PORT}", "AWS_EC2_METADATA_DISABLED": "true"}


def test_download_and_load_and_run():
    with downloading(f"{HOME}:tar=cut:100000*1") as host:
        result = host.verb("pre-start", **ENV)
        contains(result.stderr, "its signature is good")
        check(host.engine.image_id(), "image is not loaded")
        equal(host.read(STATE), "1", "state")
        equal(sorted(os.listdir(host.path("/var/cache/ecs"))), ["ecs-agent.tar", "state"], "files in the cache")
        with Supervised(host, **ENV) as supervisor:
            supervisor.wait_ready()


def test_full_disk():
    with downloading() as host:
        # room for the file, but not for it and what others need
        host.shell("mount -t tmpfs -o size=8m tmpfs /var/cache/ecs")
        result = host.verb("pre-start", 255, **ENV)
        contains(result.stderr, "/var/cache/ecs' has room for 8 MB, and")
        equal(os.listdir(host.path("/var/cache/ecs")), [], "files in the cache")


BAD_TARS = {
    "cut": (lambda: contents(image_tar())[:-100000], "ecs-agent.tar': Docker says: "),
    "no_tar": (lambda: b"this is no tar\n" * 1000, "ecs-agent.tar': it is no tar: Docker says: "),
    "web_page": (lambda: b"<html>404</html>", "it is no tar"),
    "another_image": (other_image, "it holds 'example/other:1', not 'amazon/amazon-ecs-agent:latest'"),
}


@each(**BAD_TARS)
def test_tar_that_is_wrong(make, words):
    for loaded in (False, True):
        with Host(state="2", loaded=loaded) as host:
            with open(host.path(TAR), "wb") as file:
                file.write(make())
            host.write(STATE, "2")
            result = host.verb("pre-start", 255, AWS_EC2_METADATA_DISABLED="true")
            contains(result.stderr.strip().splitlines()[-1], words, "last line")
            equal(host.read(STATE), "2", "state is as it was")
            equal(bool(host.engine.image_id()), loaded, "the agent's image is there")


def test_partial_file_goes_when_a_package_brings_the_tar():
    with Host(state="2") as host:
        host.write(PART, "left behind")
        host.verb("pre-start")
        equal(sorted(os.listdir(host.path("/var/cache/ecs"))), ["ecs-agent.tar", "state"], "files in the cache")


if __name__ == "__main__":
    tap.main()
