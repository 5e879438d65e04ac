"""Runs in the virtual machine (see check-mount.py): mounts of a real NFS server by the real kernel.

The server is the machine's own nfsd. Its mount target is 10.9.0.2, in a network namespace of its own, from where TCP port
2049 leads to nfsd. A task has a third namespace, whose way to the mount target goes through the machine."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [f"{TESTS}/lib", f"{TESTS}/fakes"]
import tap
from tap import check, contains, equal, matches

REGION = "eu-central-1"
FS = "fs-0123456789abcdef0"
HOST = f"{FS}.efs.{REGION}.amazonaws.com"
TARGET = "10.9.0.2"
TASK = "10.9.1.2"
A, B, C = "/mnt/a", "/mnt/b", "/mnt/c d"
SPLICE = """
import asyncio
async def pump(r, w):
    while data := await r.read(1 << 16):
        w.write(data)
        await w.drain()
    w.close()
async def serve(r, w):
    to_r, to_w = await asyncio.open_connection("10.9.0.1", 2049)
    await asyncio.gather(pump(r, to_w), pump(to_r, w), return_exceptions=True)
async def main():
    await (await asyncio.start_server(serve, "10.9.0.2", 2049)).serve_forever()
asyncio.run(main())
"""


def sh(text, code=0, seconds=100):
    done = subprocess.run(["bash", "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=seconds)
    check(code is None or done.returncode == code, f"$ {text}\nexit status {done.returncode}, wanted {code}\n{done.stdout}")
    return done.stdout


def network():
    sh("""set -e
       echo 1 >/proc/sys/net/ipv4/ip_forward
       ip link set lo up
       for each in server:0 task:1; do
           name=${each%:*} net=10.9.${each#*:}
           ip netns add $name
           ip link add v$name type veth peer name eth0 netns $name
           ip addr add $net.1/24 dev v$name; ip link set v$name up
           ip -n $name addr add $net.2/24 dev eth0; ip -n $name link set eth0 up; ip -n $name link set lo up
           ip -n $name route add default via $net.1
       done
       mkdir -p /mnt/a /mnt/b '/mnt/c d' /srv/efs/sub
       echo hello >/srv/efs/file""")
    with open("/etc/hosts", "a") as file:
        file.write(f"{TARGET} {HOST} eu-central-1a.{HOST}\n{TARGET} fs-0bad.efs.{REGION}.amazonaws.com\n")


def nfs_server():
    sh("""set -e
       modprobe nfsd
       mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
       echo 10 >/proc/fs/nfsd/nfsv4leasetime; echo 10 >/proc/fs/nfsd/nfsv4gracetime
       echo 1048576 >/proc/fs/nfsd/max_block_size
       systemctl start nfs-server
       exportfs -o rw,no_root_squash,fsid=0,insecure,no_subtree_check '10.9.0.0/16:/srv/efs'
       echo Y >/proc/fs/nfsd/v4_end_grace || true""")


def mount_target():
    child = subprocess.Popen(["ip", "netns", "exec", "server", "python3", "-c", SPLICE])
    tap.wait_until(lambda: "2049" in sh("ip netns exec server ss -ltn"), 30, "the mount target listens")
    return child


def mountinfo(point):
    escaped = point.replace(" ", "\\040")
    with open("/proc/self/mountinfo") as file:
        return [line for line in file if line.split()[4] == escaped]


def mount(what, point, options="", code=0):
    words = f"-o {options}" if options else ""
    return sh(f"AWS_REGION={REGION} mount -t efs {words} {what} '{point}'", code)


@contextlib.contextmanager
def mounted(what, point, options="", umount=""):
    text = mount(what, point, options)
    try:
        yield text
    finally:
        sh(f"umount {umount} '{point}'")


def test_mount_efs_is_linked_where_none_is():
    equal(os.readlink("/usr/sbin/mount.efs"), "/usr/libexec/ecs-mount-efs", "/sbin/mount.efs")


def test_a_plain_mount_has_the_recommended_options_and_holds_data():
    with mounted(f"{FS}:/", A):
        line = mountinfo(A)[0]
        contains(line, f" - nfs4 {HOST}:/ ", "mountinfo")
        for option in ("vers=4.1", "rsize=1048576", "wsize=1048576", "hard", "noresvport", "timeo=600", "retrans=2"):
            contains(re.split(r"[ ,\n]", line), option, "options")
        equal(sh(f"cat {A}/file"), "hello\n", "file")
        sh(f"echo from-client >{A}/new")
        equal(sh("cat /srv/efs/new"), "from-client\n", "the server's file")
        device = line.split()[2]
        equal(sh(f"cat /sys/class/bdi/{device}/read_ahead_kb"), "15360\n", "read-ahead")


def test_a_second_mount_at_the_same_place_says_so_and_is_no_failure():
    with mounted(FS, A):
        contains(mount(FS, A), "already", "output")
        equal(len(mountinfo(A)), 1, "mounts")


def test_a_path_an_option_and_a_blank_in_the_mount_point():
    with mounted(f"{FS}:/sub", C, "ro"):
        matches(mountinfo(C)[0], r" ro,\S* .* - nfs4 \S+:/sub ", "mountinfo")
        contains(sh(f"touch '{C}/x'", 1), "Read-only", "touch")


def test_the_zone_is_a_prefix_of_the_name():
    with mounted(FS, A, "az=eu-central-1a"):
        contains(mountinfo(A)[0], f"nfs4 eu-central-1a.{HOST}:/ ", "mountinfo")


def test_a_path_that_is_not_there_is_named():
    matches(mount(f"{FS}:/nowhere", B, code=32), r"mount.efs: mount fs-\w+:/nowhere at /mnt/b: .*path does not exist", "output")
    equal(mountinfo(B), [], "mounts")


def test_a_server_that_exports_nothing_is_access_denied():
    sh("exportfs -u '10.9.0.0/16:/srv/efs'; exportfs -f")
    try:
        text = mount(FS, B, code=None)
    finally:
        sh("exportfs -o rw,no_root_squash,fsid=0,insecure,no_subtree_check '10.9.0.0/16:/srv/efs'")
    matches(text, r"access denied|No such file", "output")


def test_a_target_that_does_not_answer_names_the_security_group():
    sh("ip -n server route add blackhole 10.9.1.0/24")
    try:
        pid = sleeper()
        begin = time.monotonic()
        text = mount(FS, B, f"mounttargetip={TARGET},netns=/proc/{pid}/ns/net", code=32)
        matches(text, r"connect to 10.9.0.2 port 2049: no answer: do the security groups", "output")
        check(time.monotonic() - begin < 30, "took longer than 30 s")
    finally:
        sh("ip -n server route del blackhole 10.9.1.0/24")
        os.kill(pid, signal.SIGKILL)


def sleeper():
    """A process in the task's network, as the pause container is one."""
    child = subprocess.Popen(["ip", "netns", "exec", "task", "sleep", "1000"])
    tap.wait_until(lambda: os.readlink(f"/proc/{child.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10, "the task's network")
    return child.pid


def test_a_mount_in_the_network_of_a_task():
    pid = sleeper()
    try:
        with mounted(FS, A, f"netns=/proc/{pid}/ns/net"):
            contains(mountinfo(A)[0], f"nfs4 {TARGET}:/ ", "mountinfo")
            contains(mountinfo(A)[0], f"clientaddr={TASK}", "mountinfo")
            equal(sh(f"cat {A}/file"), "hello\n", "file")
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_line_in_fstab_is_mounted_by_systemd():
    with open("/etc/fstab", "a") as file:
        file.write(f"{FS}:/sub /mnt/b efs _netdev,nofail,region={REGION},x-systemd.mount-timeout=90s 0 0\n")
    sh("systemctl daemon-reload; systemctl start mnt-b.mount")
    contains(mountinfo(B)[0], f"nfs4 {HOST}:/sub ", "mountinfo")
    sh("systemctl stop mnt-b.mount")
    equal(mountinfo(B), [], "mounts")


if __name__ == "__main__":
    network()
    nfs_server()
    target = mount_target()
    try:
        tap.main()
    finally:
        target.kill()
