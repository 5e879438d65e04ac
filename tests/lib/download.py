"""An instance whose Docker lacks the agent's image, beside a stand-in for S3. Its engine trusts the key of openpgp.py."""

import os
import shutil

import openpgp
import program
import tap
from s3 import S3
from supervisor import STATE, TAR, Instance

PART = TAR + ".part"
CACHE = os.path.dirname(TAR)
VERSION = "1.105.1"
ARCH = {"x86_64": "", "aarch64": "arm64-"}.get(os.uname().machine)
HOME, REGIONAL = "amazon-ecs-agent", "amazon-ecs-agent-us-east-1"


def key(version=VERSION):
    return f"ecs-agent-{ARCH}{'v' if version[0].isdigit() else ''}{version}.tar"


class Downloading(Instance):
    def __init__(self, s3=(), image=False, **more):
        if ARCH is None:
            tap.skip(f"there is no agent for {os.uname().machine}")
        self.s3 = S3(wrong=s3)
        super().__init__(image=image, **more)
        engine = os.path.join(os.path.dirname(program.BIN), "tests", "amazon-ecs-init")
        tap.check(os.access(engine, os.X_OK), f"{engine}: not there; run make {os.path.relpath(engine, program.TOP)}")
        shutil.copy(engine, self.bin)
        self.s3.start()

    def __exit__(self, *what):
        self.s3.stop()
        super().__exit__(*what)

    def env(self, **more):
        """None takes a variable away."""
        wanted = {**super().env(), "AWS_ENDPOINT_URL_S3": self.s3.url, **more}
        return {name: value for name, value in wanted.items() if value is not None}

    def publish(self, data, buckets=(HOME,), version=VERSION, asc=None):
        for bucket in buckets:
            self.s3.put(f"{bucket}/{key(version)}", data)
            self.s3.put(f"{bucket}/{key(version)}.asc", openpgp.detached(data) if asc is None else asc)

    def cached(self):
        """The tar's bytes; None where there is none."""
        if not self.has(TAR):
            return None
        with open(self.at(TAR), "rb") as file:
            return file.read()

    @property
    def files(self):
        return sorted(os.listdir(self.at(CACHE)))

    @property
    def ranges(self):
        """The Range header of each GET of a tar."""
        return [r.headers.get("range") for r in self.s3.asked() if r.route.endswith(":tar")]

    @property
    def routes(self):
        return [r.route for r in self.s3.asked()]

    def has_it(self, data):
        """The image came, was loaded, and nothing else is left."""
        tap.check(self.cached() == data, "the tar is not what was published")
        tap.equal(self.files, ["ecs-agent.tar", "state"], "files in the cache")
        tap.equal(self.read(STATE), "1", "state")
        tap.equal([r.body_size for r in self.docker.asked("load")][-1:], [len(data)], "bytes given to Docker")

    def has_nothing(self):
        tap.equal(self.files, [], "files in the cache")
        tap.equal(self.docker.asked("load"), [], "loads")
