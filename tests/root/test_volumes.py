"""Volumes of amazon-ecs-volume-plugin in containers of a real dockerd; mount(8) is the host's, mount.efs binds a folder."""
import concurrent.futures
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap
from engine import IMAGE
from host import Host
from tap import between, check, contains, equal, wait_until
from volumes import NAME, SOCKET, STATE, VOLUMES, Client

# Each file system is a folder; one whose name ends in "hang" does not answer, "deny" is refused.
MOUNT_EFS = """#!/bin/sh
echo "$*" >>/run/mount.efs.log
fs=${1%%:*}
case $fs in
*hang) echo waiting for $fs >&2; exec sleep 1000 ;;
*deny) echo "mount.nfs4: access denied by server while mounting 127.0.0.1:/" >&2; exit 32 ;;
esac
mkdir -p "/run/efs/$fs"
exec mount --bind "/run/efs/$fs" "$2"
"""


class Volumes(Host):
    """A host with the plugin and a mount.efs; `live_restore` as in daemon.json."""

    def __init__(self, live_restore=False, **options):
        super().__init__(loaded=True, docker=False, **options)
        self.live_restore = live_restore

    def prepare(self):
        self.write("/usr/sbin/mount.efs", MOUNT_EFS)
        self.shell("chmod 755 /usr/sbin/mount.efs; ln -sf mount.efs /usr/sbin/mount.s3files")
        if self.live_restore:
            self.write("/etc/docker/daemon.json", '{"live-restore": true}')
        self.start_plugin()
        self.start_docker()
        super().prepare()

    def start_plugin(self, **env):
        with open(os.path.join(self.folder, "plugin.log"), "ab") as log:
            self.plugin = self.popen([NAME], env=env, stdout=log, stderr=log)
        wait_until(lambda: os.path.exists(self.path(SOCKET)) and self.plugin.poll() is None, 10, "the plugin's socket")
        wait_until(self.plugin_answers, 10, "the plugin")

    def plugin_answers(self):
        client = self.client()
        try:
            return client.call("List")[0] == 200
        except OSError:
            return False
        finally:
            client.close()

    def client(self):
        return Client(self.path(SOCKET))

    def end_plugin(self, number=signal.SIGKILL):
        self.plugin.send_signal(number)
        self.plugin.wait(20)
        self.children.remove(self.plugin)

    def cli(self, *arguments, code=0, timeout=60):
        result = self.run(["docker", *arguments], timeout=timeout)
        equal(result.returncode, code, f"docker {' '.join(arguments)}: {result.stdout}{result.stderr}\nexit status")
        return result.stdout + result.stderr

    def volume(self, name, file_system="fs-1", **options):
        words = [w for k, v in {"type": "efs", "device": file_system + ":/", **options}.items() for w in ("-o", f"{k}={v}")]
        return self.cli("volume", "create", "-d", NAME, *words, name)

    def container(self, name, volume, **more):
        return self.cli("run", "-d", "--name", name, "--network", "none", "-v", f"{volume}:/data", IMAGE, **more)

    def put(self, container, name, text):
        self.write(f"/tmp/{name}", text)
        self.cli("cp", f"/tmp/{name}", f"{container}:/data/{name}")

    def take(self, container, name):
        self.cli("cp", f"{container}:/data/{name}", f"/tmp/{name}.back")
        return self.read(f"/tmp/{name}.back")

    def mounts(self):
        lines = self.run(["cat", "/proc/self/mountinfo"]).stdout.splitlines()
        return [line.split()[4] for line in lines if line.split()[4].startswith(VOLUMES)]

    def tried(self):
        """The command lines of mount.efs so far."""
        return self.run(["cat", "/run/mount.efs.log"]).stdout

    def saved(self):
        return json.loads(self.read(STATE)).get("volumes", {})


def test_two_containers_share_a_volume():
    with Volumes() as host:
        host.volume("v1", o="tls,iam")
        got = json.loads(host.cli("volume", "inspect", "v1"))[0]
        equal((got["Driver"], got["Mountpoint"]), (NAME, f"{VOLUMES}/v1"))
        check(got["CreatedAt"].startswith("20"), "no time")
        equal(host.mounts(), [], "mounts after volume create")
        host.container("c1", "v1")
        host.container("c2", "v1")
        equal(host.mounts(), [f"{VOLUMES}/v1"])
        equal(len(host.saved()["v1"]["mounts"]), 2, "mount IDs")
        host.put("c1", "hello", "from one\n")
        equal(host.take("c2", "hello"), "from one\n")
        equal(host.read("/run/efs/fs-1/hello"), "from one\n", "in the file system")
        equal(sorted(host.saved()["v1"]["mounts"].values()), [1, 1], "counts after docker cp")
        contains(host.tried(), f"fs-1:/ {VOLUMES}/v1 -o rw,tls,iam")
        host.cli("rm", "-f", "c1")
        equal(host.mounts(), [f"{VOLUMES}/v1"], "while c2 runs")
        contains(host.cli("volume", "rm", "v1", code=1), "in use")
        host.cli("rm", "-f", "c2")
        equal(host.mounts(), [])
        host.cli("volume", "rm", "v1")
        check(not os.path.exists(host.path(f"{VOLUMES}/v1")), "the folder is still there")
        equal(host.saved(), {})


def test_copies_from_and_to_a_stopped_container():
    with Volumes() as host:
        host.volume("v1")
        host.container("c1", "v1")
        host.cli("stop", "-t", "1", "c1")
        equal(host.mounts(), [])
        host.put("c1", "late", "text")
        equal(host.take("c1", "late"), "text")
        equal((host.mounts(), host.saved()["v1"].get("mounts")), ([], None))
        host.cli("start", "c1")
        equal(host.take("c1", "late"), "text")
        host.cli("restart", "-t", "1", "c1")
        equal(len(host.mounts()), 1)


def test_a_mount_that_is_denied_says_so():
    with Volumes() as host:
        host.volume("v1", "fs-deny")
        text = host.container("c1", "v1", code=125)
        contains(text, "VolumeDriver.Mount: failed to mount volume v1: mounting volume failed: mount.nfs4: access denied by server")
        contains(text, "elasticfilesystem:ClientMount")
        host.cli("rm", "-f", "c1")
        host.cli("volume", "rm", "v1")
        host.volume("v2", type="s3files")
        host.container("c2", "v2")


def test_a_hanging_file_system_holds_up_nothing_else():
    with Volumes() as host, concurrent.futures.ThreadPoolExecutor() as pool:
        host.end_plugin(signal.SIGTERM)
        host.start_plugin(ECS_VOLUME_PLUGIN_MOUNT_TIMEOUT="15")
        for n in range(5):
            host.volume(f"hang{n}", f"fs-{n}hang")
        host.volume("v1")
        stuck = [pool.submit(host.container, f"stuck{n}", f"hang{n}", code=125) for n in range(5)]
        wait_until(lambda: host.tried().count("hang:/") == 5, 30, "5 hanging mounts")
        begin = time.monotonic()
        host.container("c1", "v1")
        host.put("c1", "x", "y")
        host.cli("rm", "-f", "c1")
        between(time.monotonic() - begin, 0, 8, "seconds for a container meanwhile")
        for one in stuck:
            contains(one.result(60), "it has not ended within 15 s and was killed")
        wait_until(lambda: host.run(["pgrep", "-f", "sleep 1000"]).returncode == 1, 10, "end of the helpers")


def test_a_plugin_that_is_killed_and_comes_back():
    with Volumes() as host:
        host.volume("v1")
        host.container("c1", "v1")
        host.put("c1", "x", "before")
        host.end_plugin()
        check(host.engine.running("c1"), "the container ended with the plugin")
        host.start_plugin()
        equal(host.take("c1", "x"), "before")
        equal(host.mounts(), [f"{VOLUMES}/v1"])
        host.cli("rm", "-f", "c1")
        equal(host.mounts(), [])
        host.cli("volume", "rm", "v1")


def test_a_plugin_that_is_away_is_waited_for():
    with Volumes() as host, concurrent.futures.ThreadPoolExecutor() as pool:
        host.volume("v1")
        host.end_plugin()
        run = pool.submit(host.container, "c1", "v1")
        time.sleep(1.5)
        host.start_plugin()
        run.result(60)
        equal(host.mounts(), [f"{VOLUMES}/v1"])


@tap.each(stopped=signal.SIGTERM, killed=signal.SIGKILL)
def test_dockerd_comes_back(number):
    with Volumes() as host:
        host.volume("v1")
        host.container("c1", "v1")
        host.put("c1", "x", "before")
        host.stop_docker(number)
        host.start_docker()
        host.cli("start", "c1")
        equal(host.take("c1", "x"), "before")
        equal(host.mounts(), [f"{VOLUMES}/v1"])
        host.cli("rm", "-f", "c1")
        host.cli("volume", "rm", "v1")
        equal((host.mounts(), host.saved()), ([], {}))


def test_live_restore():
    with Volumes(live_restore=True) as host:
        host.volume("v1")
        host.container("c1", "v1")
        host.put("c1", "x", "before")
        host.stop_docker(signal.SIGKILL)
        host.start_docker()
        check(host.engine.running("c1"), "the container did not live on")
        equal(host.take("c1", "x"), "before")
        host.cli("rm", "-f", "c1")
        host.cli("volume", "rm", "v1")
        equal((host.mounts(), host.saved()), ([], {}))


def test_a_reboot():
    with Volumes() as host:
        host.volume("v1")
        host.cli("run", "-d", "--name", "c1", "--restart", "always", "--network", "none", "-v", "v1:/data", IMAGE)
        host.put("c1", "x", "before")
        host.stop_docker(signal.SIGKILL)
        host.end_plugin()
        host.shell(f"umount -l {VOLUMES}/v1")
        equal(len(host.saved()["v1"]["mounts"]), 1, "the file still lists the mount")
        host.start_plugin()
        host.start_docker()
        wait_until(lambda: host.engine.running("c1"), 20, "the container is back")
        wait_until(lambda: host.mounts() == [f"{VOLUMES}/v1"], 10, "mounted again")
        equal(host.take("c1", "x"), "before", "not an empty folder")


if __name__ == "__main__":
    tap.main()
