"""Runs in the virtual machine (see check-volumes.py): dockerd, the volume plugin as its package runs it, and mount.efs, on a
real NFS server; see scene.py."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import scene
from scene import FS, TASK, TEAM, TLS, agent, mountinfo, sh, sleeper, target
import tap
from efs import ACCESS_POINT, KEY_ID, URI
from tap import between, check, contains, equal, matches, wait_until
from volumes import NAME, SOCKET, STATE, VOLUMES, Client

PLUGIN = f"{NAME}.service"
WAYS = {"plain": "", "tls": TLS, "task": f"{TLS},iam,awscredsuri={URI},accesspoint={ACCESS_POINT}"}


def docker(words, code=0, seconds=150):
    return sh(f"docker {words}", code, seconds)


def state():
    with open(STATE, encoding="ascii") as file:
        return json.load(file).get("volumes", {})


@contextlib.contextmanager
def volume(name, way="plain", more=""):
    options = WAYS[way] + more
    docker(f"volume create -d {NAME} -o type=efs -o device={FS}:/" + (f" -o o={options}" if options else "") + f" {name}")
    try:
        yield f"{VOLUMES}/{name}"
        docker(f"volume rm {name}")
        check(not os.path.exists(f"{VOLUMES}/{name}"), "the folder is still there")
        equal((name in state(), mountinfo(f"{VOLUMES}/{name}")), (False, []), "in the plugin's memory, and mounts")
    except BaseException:
        sh(f"docker rm -f $(docker ps -aq); docker volume rm -f {name}; umount -l {VOLUMES}/{name}", None, 200)
        raise


def container(name, of, script="sleep 10000", more="-d"):
    """Containers have no network: what is tested here goes through the host's, or the task's."""
    return docker(f"run {more} --name {name} --network none -v {of}:/data busybox sh -c '{script}'")


def unit(name, field):
    return sh(f"systemctl show -P {field} {name}").strip()


def served():
    """Whether the plugin answers."""
    client = Client(SOCKET, 20)
    try:
        return client.call("List")[0] == 200
    except OSError:
        return False
    finally:
        client.close()


def seconds_of(text):
    begin = time.monotonic()
    sh(text, seconds=150)
    return time.monotonic() - begin


def no_tunnel():
    wait_until(lambda: not os.listdir("/run/ecs/efs"), 30, "the tunnel ends")


def prepare():
    """As the package does it: the plugin's socket before Docker; the plugin itself is started by the first request."""
    sh("systemctl start amazon-ecs-volume-plugin.socket")
    equal(unit(PLUGIN, "ActiveState"), "inactive", "the plugin before Docker")
    sh("systemctl start docker", seconds=200)
    sh("""set -e; mkdir -p /run/image/bin; cp /bin/busybox /run/image/bin/
          for name in sh sleep cat ls sync stat touch; do ln /run/image/bin/busybox /run/image/bin/$name; done
          tar -C /run/image -c . | docker import - busybox""", seconds=200)


def test_docker_starts_and_finds_the_plugin():
    prepare()
    contains(docker(f"volume create -d {NAME} -o type=efs -o device={FS}:/ first"), "first")
    equal(unit(PLUGIN, "ActiveState"), "active", "the plugin after the first volume")
    equal(mountinfo(f"{VOLUMES}/first"), [], "mounts after volume create")
    docker("volume rm first")


def test_a_plain_volume_of_two_containers():
    with volume("v1") as path:
        container("c1", "v1", "echo from container >/data/new; sync; exec sleep 10000")
        contains(mountinfo(path)[0], f" - nfs4 {scene.HOST}:/ ", "mountinfo")
        wait_until(lambda: os.path.exists("/srv/efs/new"), 30, "the file at the server")
        equal(sh("cat /srv/efs/new"), "from container\n")
        container("c2", "v1")
        equal(len(mountinfo(path)), 1, "mounts for two containers")
        equal(docker("exec c2 cat /data/new /data/file"), "from container\nhello\n")
        sh("echo copied >/run/copied; docker cp /run/copied c1:/data/copied; docker cp c2:/data/copied /run/back; cmp /run/copied /run/back")
        equal(sh("cat /srv/efs/copied"), "copied\n", "at the server")
        equal(sorted(state()["v1"]["mounts"].values()), [1, 1], "counts after docker cp")
        docker("rm -f c1")
        equal(len(mountinfo(path)), 1, "mounts while c2 runs")
        contains(docker("volume rm v1", 1), "in use")
        docker("rm -f c2")
        equal(mountinfo(path), [], "mounts after the last container")


def test_tls_with_the_role_of_a_task_and_an_access_point():
    target.start(signed=True)
    with volume("v1", "task") as path:
        equal(container("c1", "v1", "echo mine >/data/by-volume; ls /data; stat -c %u /data/by-volume", "").split(),
              ["by-volume", "own", str(TEAM)], "what the container sees")
        matches(sh("cat /srv/efs/team/by-volume; stat -c %u /srv/efs/team/by-volume"), rf"^mine\n{TEAM}$", "at the server")
        line = target.visitor(f"fs={FS} ap={ACCESS_POINT} key={KEY_ID} ")
        check("refused=" not in line, line)
        docker("start c1")
        docker("rm -f c1")
        equal(mountinfo(path), [], "mounts")
        no_tunnel()


def test_a_volume_in_the_network_of_a_task_that_is_gone_first():
    target.start(signed=True)
    pid = sleeper()
    with volume("v1", "task", f",netns=/proc/{pid}/ns/net") as path:
        container("c1", "v1", "echo task >/data/task; sync; exec sleep 10000")
        contains(mountinfo(path)[0], "clientaddr=127.0.0.1", "mountinfo")
        contains(sh("ip netns exec task ss -ltnH"), "127.0.0.1:20", "the tunnel's socket")
        equal(sh(f"ip netns exec server ss -tnH state established sport = :2049 | grep -c {TASK}"), "1\n", "connections from the task")
        os.kill(pid, signal.SIGKILL)
        sh("ip -n task link set eth0 down")
        try:
            between(seconds_of("docker rm -f c1"), 0, 40, "seconds for docker rm")
            equal(mountinfo(path), [], "mounts")
        finally:
            sh("ip -n task link set eth0 up; ip -n task route replace default via 10.9.1.1")
    no_tunnel()


def test_credentials_that_are_gone_are_named_by_docker():
    target.start(signed=True)
    agent.gone = True
    try:
        with volume("v1", "task") as path:
            text = docker(f"run --rm --network none -v v1:/data busybox ls /data", 125)
            matches(text, r"VolumeDriver.Mount: failed to mount volume v1: mounting volume failed: mount.efs: .*credentials", "what docker says")
            equal(mountinfo(path), [], "mounts")
    finally:
        agent.gone = False


def test_a_plugin_that_is_killed_between_mount_and_unmount():
    target.start()
    with volume("v1", "tls") as path:
        container("c1", "v1")
        tunnel, before = sh("systemctl list-units -q --plain 'ecs-efs-tunnel@*'"), unit(PLUGIN, "MainPID")
        sh(f"systemctl kill -s KILL {PLUGIN}")
        wait_until(lambda: unit(PLUGIN, "MainPID") not in ("0", before) and served(), 30, "another plugin")
        equal(docker("exec c1 cat /data/file"), "hello\n", "through the mount of the dead one")
        equal(sh("systemctl list-units -q --plain 'ecs-efs-tunnel@*'"), tunnel, "tunnels")
        docker("cp c1:/data/file /run/file")
        equal((len(mountinfo(path)), len(state()["v1"]["mounts"])), (1, 1), "mounts and mount IDs")
        docker("rm -f c1")
        equal(mountinfo(path), [], "mounts")
    no_tunnel()


def test_docker_is_restarted():
    with volume("v1") as path:
        container("c1", "v1")
        sh("systemctl restart docker", seconds=200)
        equal(docker("inspect -f '{{.State.Running}}' c1"), "false\n", "the container")
        equal(mountinfo(path), [], "mounts")
        docker("start c1")
        equal(docker("exec c1 cat /data/file"), "hello\n")
        docker("rm -f c1")
        equal(mountinfo(path), [], "mounts")


def test_docker_is_restarted_and_containers_live_on():
    sh("mkdir -p /etc/docker; echo '{\"live-restore\": true}' >/etc/docker/daemon.json; systemctl reload docker")
    with volume("v1", "tls") as path:
        container("c1", "v1", "while sleep 1; do touch /data/alive; done")
        for how in ("restart", "kill -s KILL"):
            before = unit("docker", "MainPID")
            sh(f"systemctl {how} docker", seconds=200)
            wait_until(lambda: unit("docker", "MainPID") not in ("0", before) and sh("docker info", None).count("Server Version"), 90, "dockerd")
            equal(docker("inspect -f '{{.State.Running}}' c1"), "true\n", f"the container after {how}")
            sh("rm -f /srv/efs/alive")
            wait_until(lambda: os.path.exists("/srv/efs/alive"), 30, "a file of the container")
            equal(len(mountinfo(path)), 1, "mounts")
        docker("rm -f c1")
        equal(mountinfo(path), [], "mounts")
        sh("rm -f /srv/efs/alive")
    no_tunnel()


@tap.each(plain="plain", tls="tls")
def test_a_server_that_is_dead(way):
    target.start()
    with volume("v1", way) as path, volume("v2") as other:
        container("c1", "v1", "echo x >/data/dying; sync; exec sleep 10000")
        sh("ip -n server link set eth0 down")
        try:
            between(seconds_of("docker rm -f c1"), 0, 40, "seconds for docker rm")
            equal(mountinfo(path), [], "mounts")
            text = docker(f"volume inspect v2")
            contains(text, other)
        finally:
            sh("ip -n server link set eth0 up; ip -n server route replace default via 10.9.0.1")
    no_tunnel()
    wait_until(lambda: subprocess.run(["pgrep", "-x", "umount"], stdout=subprocess.DEVNULL).returncode == 1, 60, "no umount is left")


if __name__ == "__main__":
    scene.main()
