"""ecs-bootstrap collect-logs: what is in the archive, that no secret is, and sources that are ill."""

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tarfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import bootstrap
import program
import records
import tap
from aws import Introspection
from docker import AGENT_IMAGE, Docker
from imds import Imds
from tap import check, contains, each, equal, lacks, matches, together

S = "hunter2"       # every secret
PROGRAMS = ("journalctl", "systemctl", "dmesg", "rpm", "dpkg-query", "iptables-save", "ip6tables-save", "nft", "ip", "ss", "ps")
JSON_SECRET = json.dumps({"log-opts": {"splunk-token": S}, "debug": True})
USER_DATA = bootstrap.mime((bootstrap.SCRIPT[0], f"#!/bin/sh\nexport DB_PASSWORD={S}\necho hi\n"),
                           (bootstrap.JSON, json.dumps({"version": 1, "proxy": {"http": f"http://u:{S}@p:1"}, "agent": {"A_TOKEN": S, "ECS_CLUSTER": "blue"}})))


class Host(records.Host):
    def __init__(self):
        super().__init__()
        self.step("image")
        self.stack = contextlib.ExitStack()
        for name in PROGRAMS:
            self.write(f"/bin/{name}", f'#!/bin/sh\necho "{name} $*"\necho "PASSWORD={S}"\n', 0o755)
        self.write("/etc/ecs/ecs.config", f"ECS_CLUSTER=blue\nECS_ENGINE_AUTH_DATA={{\"r\":{{\"auth\":\"{S}\"}}}}\n{S}\nHTTPS_PROXY=http://u:{S}@p:1\n", 0o600)
        self.write("/etc/docker/daemon.json", JSON_SECRET)
        self.write("/var/log/ecs/ecs-init.log", f"started\nlevel=info msg=\"token: {S}\" x=1\n")
        self.write("/var/log/cloud-init-output.log", f"+ curl -H 'Authorization: Bearer {S}'\nCloud-init finished\n")
        self.imds = self.stack.enter_context(Imds(USER_DATA))
        self.agent = self.stack.enter_context(Introspection(cluster="blue"))
        self.docker = self.stack.enter_context(Docker(self.at("/docker.sock")))
        self.docker.add("ecs-agent", {"Image": AGENT_IMAGE, "Env": [f"ECS_ENGINE_AUTH_DATA={S}", f"HARMLESS={S}"], "Labels": {"secret": S}})
        os.mkdir(self.at("/out"))

    def __exit__(self, *what):
        self.stack.close()
        super().__exit__(*what)

    def settings(self):
        return {"url": self.agent.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.imds.url, "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:1",
                "DOCKER_HOST": f"unix://{self.docker.listen_at}"}

    def collect(self, *arguments, output="/out/a.tar.gz", **more):
        return self.look("collect-logs", "--output", self.at(output), *arguments, **{**self.settings(), **more})

    def files(self, *arguments, **more):
        """{name: text} of what was collected."""
        result = self.collect(*arguments, **more).exits(0)
        equal(result.out, self.at("/out/a.tar.gz\n"))
        return self.unpack("/out/a.tar.gz")

    def unpack(self, path):
        with tarfile.open(self.at(path), "r:gz") as tar:
            folders = {m.name.split("/")[0] for m in tar.getmembers()}
            check(len(folders) == 1 and re.fullmatch(r"ecs-logs-(i-[0-9a-f]+|unknown)-\d{8}T\d{6}Z", [*folders][0]), f"folders: {folders}")
            check(all(m.isfile() and m.mode == 0o600 and ".." not in m.name for m in tar.getmembers()), "kinds, modes and names")
            return {m.name.partition("/")[2]: tar.extractfile(m).read().decode(errors="replace") for m in tar.getmembers()}


def test_what_is_in_it():
    with Host() as host:
        files = host.files()
        equal(host.mode("/out/a.tar.gz"), 0o600)
        equal(os.listdir(host.at("/out")), ["a.tar.gz"])
        equal(files["logs/ecs/ecs-init.log"], 'started\nlevel=info msg="token: <hidden>\n')
        equal(files["config/ecs.config"], "ECS_CLUSTER=blue\nECS_ENGINE_AUTH_DATA=<hidden>\n<hidden>\nHTTPS_PROXY=http://<hidden>@p:1\n")
        equal(json.loads(files["config/daemon.json"]), {"log-opts": {"splunk-token": "<hidden>"}, "debug": True})
        equal([s["step"] for s in json.loads(files["status.json"])["steps"]], ["image"])
        contains(files["doctor.txt"], "ecs: ECS cannot be reached")
        matches(files["journal/ecs.log"], r"\Ajournalctl .*--unit=ecs\*.*\nPASSWORD=<hidden>\n\Z")
        equal(json.loads(files["agent/metadata.json"])["Cluster"], "blue")
        [inspected] = [json.loads(text) for name, text in files.items() if name.startswith("docker/containers/")]
        equal(inspected["Config"]["Env"], ["ECS_ENGINE_AUTH_DATA=<hidden>", "HARMLESS=<hidden>"])
        equal(json.loads(files["docker/version.json"])["Version"], "20.10")
        contains(files["MANIFEST"], "instance i-0123456789abcdef0")
        matches(files["MANIFEST"], r"^  user-data: it was not asked for \(--with-user-data\)$")
        matches(files["MANIFEST"], r"^  logs/messages: No such file or directory$")
        check(not any(name.startswith("user-data") for name in files), "user data")


def test_no_secret_is():
    with Host() as host:
        files = host.files("--with-user-data")
        for name, text in files.items():
            lacks(text, S, name)
            lacks(text, "example/secret/key", name)


def test_user_data_when_asked():
    with Host() as host:
        files = host.files("--with-user-data")
        equal(files["user-data/part-1"], "#!/bin/sh\nexport DB_PASSWORD=<hidden>\necho hi\n")
        equal(json.loads(files["user-data/part-2"]), {"version": 1, "proxy": {"http": "http://<hidden>@p:1"}, "agent": {"A_TOKEN": "<hidden>", "ECS_CLUSTER": "blue"}})


def test_name_by_itself():
    with Host() as host:
        argv = [program.path_of("ecs-bootstrap"), "collect-logs", "--root", host.path]
        env = program.environment(**{"ECS_AGENT_INTROSPECTION_URL" if k == "url" else k: v for k, v in host.settings().items()})
        env["PATH"] = f"{host.at('/bin')}:{env['PATH']}"
        result = program.run(argv, env, cwd=host.at("/out")).exits(0)
        matches(result.out, r"\Aecs-logs-i-0123456789abcdef0-\d{8}T\d{6}Z\.tar\.gz\n\Z")
        host.unpack(f"/out/{result.out.strip()}")
        matches(result.err, r"\A\d+ files in \d+ KiB; \d+ more could not be had, its MANIFEST says why\n\Z")


def test_long_logs_end():
    with Host() as host:
        host.write("/var/log/ecs/ecs-agent.log", "".join(f"line {n:07}\n" for n in range(600000)))
        host.write("/var/log/ecs/packed.log.gz", b"\x1f\x8b")
        text = host.files()["logs/ecs/ecs-agent.log"]
        matches(text[:20], r"\Aline \d{7}\n")
        check(text.endswith("line 0599999\n") and 4000000 < len(text) <= 4 << 20, f"{len(text)} bytes")
        manifest = host.unpack("/out/a.tar.gz")["MANIFEST"]
        contains(manifest, "logs/ecs/ecs-agent.log: the end of 7800000 bytes")
        contains(manifest, "logs/ecs/packed.log.gz: it is packed")


def test_many_logs():
    with Host() as host:
        for number in range(40):
            host.write(f"/var/log/ecs/agent.log.{number:02}", f"{number}\n")
            os.utime(host.at(f"/var/log/ecs/agent.log.{number:02}"), (number, number))
        files = host.files()
        logs = sorted(name for name in files if name.startswith("logs/ecs/agent"))
        equal((len(logs), logs[-1]), (23, "logs/ecs/agent.log.39"))     # and ecs-init.log
        contains(files["MANIFEST"], "logs/ecs/agent.log.00: there are newer ones")


def test_hostile_folder():
    with Host() as host:
        host.write("/secret", S)
        os.mkfifo(host.at("/var/log/ecs/fifo"))
        os.symlink(host.at("/secret"), host.at("/var/log/ecs/link"))
        os.symlink("/dev/zero", host.at("/var/log/syslog"))
        os.mkfifo(host.at("/var/log/messages"))
        host.write("/var/log/ecs/a\n\x1b[2J" + "b" * 200, "x\n")
        host.write("/var/log/ecs/binary", bytes(range(256)) * 100)
        files = host.files()
        check("logs/ecs/fifo" not in files and "logs/ecs/link" not in files, "what is no file")
        equal([text for name, text in files.items() if name.startswith("logs/ecs/a__")], ["x\n"])
        matches(files["MANIFEST"], r"^  logs/syslog: Invalid argument$")
        matches(files["MANIFEST"], r"^  logs/messages: Invalid argument$")


@together
@each(silent="*=silent", refuses="*=500", garbage="*=garbage", endless="*=endless", none="inspect=body:none", types="*=types")
def test_docker_is_ill(mood):
    with Host() as host:
        host.docker.misbehave(mood)
        files = host.files(AWS_EC2_METADATA_DISABLED="true")
        matches(files["MANIFEST"], r"^  docker/(info\.json|containers/\w+\.json|containers): " if mood != "*=types" else "^Taken")
        lacks("".join(files.values()), S)


def test_docker_is_not_there():
    with Host() as host:
        host.docker.go_away()
        matches(host.files()["MANIFEST"], r"^  docker/info\.json: .*No such file or directory$")


def test_programs_that_are_ill():
    with Host() as host:
        host.write("/bin/journalctl", "#!/bin/sh\nexec head -c 50000000 /dev/zero\n", 0o755)
        host.write("/bin/dmesg", "#!/bin/sh\necho 'not permitted' >&2\nexit 1\n", 0o755)
        host.write("/bin/nft", "#!/bin/sh\nsleep 60 &\nsleep 60\n", 0o755)
        host.write("/bin/ss", "#!/bin/sh\necho half\nexit 3\n", 0o755)
        result = host.collect().exits(0)
        check(10 < result.seconds < 19, f"took {result.seconds:.1f} s: the deadline of nft is 10 s")
        files = host.unpack("/out/a.tar.gz")
        check(len(files["journal/ecs.log"]) <= (4 << 20) + 1, "size of what a program prints")
        matches(files["MANIFEST"], r"^  kernel/dmesg\.txt: 'dmesg' ended with status 1: not permitted$")
        matches(files["MANIFEST"], r"^  network/nftables\.txt: run 'nft': Connection timed out$")
        matches(files["MANIFEST"], r"^  network/sockets\.txt: 'ss' ended with status 3: $")
        equal(files["network/sockets.txt"], "half\n")


@each(no_folder="/nowhere/a", is_folder="/out")
def test_output_that_cannot_be_written(path):
    with Host() as host:
        result = host.collect(output=path).exits(1).within(2)
        result.says(r"^ecs-bootstrap: write '.*': (No such file or directory|Is a directory)$")
        equal(host.docker.asked(), [])      # it was known before anything was asked
        equal(os.listdir(host.at("/out")), [])


def test_full_disk():
    if os.geteuid() != 0 or not os.path.exists("/dev/full"):
        tap.skip("needs root for a small file system")
    with Host() as host:
        if program.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", host.at("/out")]).code != 0:
            tap.skip("may not mount")
        try:
            host.write("/out/large", "x" * 4096)
            result = host.collect().exits(1)
            result.says(r"^ecs-bootstrap: write '.*': No space left on device$")
            equal(os.listdir(host.at("/out")), ["large"])
        finally:
            program.run(["umount", host.at("/out")]).exits(0)


def test_killed_half_way():
    with Host() as host:
        host.write("/bin/nft", "#!/bin/sh\nexec sleep 60\n", 0o755)
        argv = [program.path_of("ecs-bootstrap"), "collect-logs", "--root", host.path, "--output", host.at("/out/a.tar.gz")]
        env = program.environment(AWS_EC2_METADATA_DISABLED="true", DOCKER_HOST=f"unix://{host.docker.listen_at}")
        env["PATH"] = f"{host.at('/bin')}:{env['PATH']}"
        with program.Started(argv, env) as child:
            time.sleep(1)
            child.signal(signal.SIGTERM)
            child.end(5)
        equal(os.listdir(host.at("/out")), [])


def test_an_old_archive_is_replaced():
    with Host() as host:
        host.write("/out/a.tar.gz", "old", 0o644)
        host.files()
        equal(host.mode("/out/a.tar.gz"), 0o600)


def test_anybody_may():
    if os.geteuid() != 0:
        tap.skip("needs root to be somebody else")
    with Host() as host:
        os.chmod(host.path, 0o755)
        os.chmod(host.at("/out"), 0o777)
        shutil.copy(program.path_of("ecs-bootstrap"), host.at("/bin"))
        env = program.environment(AWS_EC2_METADATA_DISABLED="true")
        env["PATH"] = f"{host.at('/bin')}:{env['PATH']}"
        argv = [host.at("/bin/ecs-bootstrap"), "collect-logs", "--root", host.path, "--output", host.at("/out/a.tar.gz")]
        program.run(argv, env, user=65534, group=65534, extra_groups=[]).exits(0)
        matches(host.unpack("/out/a.tar.gz")["MANIFEST"], r"^  config/ecs\.config: Permission denied$")


def test_usage():
    with program.Root() as root:
        program.run([program.path_of("ecs-bootstrap"), "collect-logs", "--root", root.path, "more"]).exits(2)


if __name__ == "__main__":
    tap.main()
