"""Runs in the virtual machine (see check-mount.py): mounts of a real NFS server by the real kernel; see scene.py."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time

import scene
from scene import (FS, HOST, TARGET, TASK, TEAM, TLS, ZONE, active, agent, gone, mountinfo, sh, sleeper, target, unit_of)
import aws
import tap
from efs import ACCESS_POINT, KEY_ID, URI
from tap import check, contains, equal, lacks, matches

A, B, C = "/mnt/a", "/mnt/b", "/mnt/c d"


def mount(what, point, options="", code=0):
    words = f"-o {options}" if options else ""
    return sh(f"mount -t efs {words} {what} '{point}'", code)


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
    with mounted(FS, A, f"az={ZONE}"):
        contains(mountinfo(A)[0], f"nfs4 {ZONE}.{HOST}:/ ", "mountinfo")


def test_a_path_that_is_not_there_is_named():
    matches(mount(f"{FS}:/nowhere", B, code=32), r"mount.efs: mount fs-\w+:/nowhere at /mnt/b: .*there is no such folder", "output")
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
        file.write(f"{FS}:/sub /mnt/b efs _netdev,nofail,x-systemd.mount-timeout=90s 0 0\n")
    sh("systemctl daemon-reload; systemctl start mnt-b.mount")
    contains(mountinfo(B)[0], f"nfs4 {HOST}:/sub ", "mountinfo")
    sh("systemctl stop mnt-b.mount")
    equal(mountinfo(B), [], "mounts")


def test_tls_goes_through_a_tunnel_that_ends_with_its_mount():
    target.start()
    with mounted(FS, A, TLS):
        matches(mountinfo(A)[0], r" nfs4 127\.0\.0\.1:/ .*port=20\d\d\d,", "mountinfo")
        equal(sh(f"cat {A}/file"), "hello\n", "file")
        sh(f"head -c 8M /dev/urandom >/run/random; cp /run/random {A}/random; cmp /run/random /srv/efs/random")
        contains(target.visitor(f"fs={FS} "), f"sni={HOST} ", "visitor")
        equal(active(A), "active", "unit")
    gone(A)


def test_tls_at_a_mount_point_whose_name_needs_escapes():
    with mounted(FS, C, TLS):
        equal(sh(f"cat '{C}/file'"), "hello\n", "file")
        equal(active(C), "active", "unit")
    gone(C)


def test_iam_with_the_credentials_of_a_task_and_an_access_point():
    target.start(signed=True)
    with mounted(FS, A, f"{TLS},iam,awscredsuri={URI},accesspoint={ACCESS_POINT}"):
        equal(sh(f"cat {A}/own"), "team\n", "file")
        line = target.visitor(f"fs={FS} ap={ACCESS_POINT} key={KEY_ID} ")
        contains(line, "source=ecs.ec2 ", "visitor")
        check("refused=" not in line, line)
    gone(A)


def test_an_access_point_is_a_root_of_its_own():
    target.start(signed=True)
    with mounted(FS, A, f"{TLS},iam,accesspoint={ACCESS_POINT}"), mounted(FS, B, TLS + ",iam"):
        equal(os.listdir(A), ["own"], "what the access point shows")
        check({"file", "sub", "team"} <= set(os.listdir(B)), f"the file system holds {os.listdir(B)}")
        sh(f"echo mine >{A}/mine")
        equal(sh(f"cat /srv/efs/team/mine; stat -c %u:%g /srv/efs/team/mine {B}/team/mine"), f"mine\n{TEAM}:{TEAM}\n{TEAM}:{TEAM}\n")
        contains(sh(f"cat {A}/../file {A}/team/own", 1), "No such file", "way out")
        equal(os.listdir(f"{A}/.."), os.listdir("/mnt"), "above the mount point")
        target.visitor(f"fs={FS} ap={ACCESS_POINT} ")
        target.visitor(f"fs={FS} ap= ")
    gone(A)


def test_an_access_point_that_is_not_known_is_refused():
    target.start(signed=True)
    text = mount(FS, B, f"{TLS},iam,accesspoint=fsap-00000000000000bad", 32)
    matches(text, r"mount.efs: mount fs-\w+ at /mnt/b: ", "output")
    target.visitor("ap=fsap-00000000000000bad .*refused=names an unknown access point")
    equal(mountinfo(B), [], "mounts")


def test_iam_with_the_role_of_the_instance():
    target.start(signed=True)
    with mounted(FS, A, f"{TLS},iam"):
        equal(sh(f"cat {A}/file"), "hello\n", "file")
        target.visitor(f"key={aws.GIVEN['AccessKeyId']} ")
    gone(A)


def test_credentials_that_are_not_there_are_told():
    agent.gone = True
    text = mount(FS, B, f"{TLS},iam,awscredsuri={URI}", 32)
    agent.gone = False
    matches(text, r"mount.efs: .*credentials.*400", "output")
    equal((mountinfo(B), os.listdir("/run/ecs/efs")), ([], []), "mounts and files")


def test_somebody_else_at_the_address_is_told():
    target.start("other")
    text = mount(FS, B, TLS, 32)
    matches(text, r"the tunnel says: .*(name|match|certificate)", "output")
    equal((mountinfo(B), os.listdir("/run/ecs/efs")), ([], []), "mounts and files")
    target.start()


def established():
    """The connections of the mount target's visitors, by their ports."""
    return set(re.findall(r":(\d+)\s*$", sh("ip netns exec server ss -tnH state established sport = :2049"), re.M))


def test_a_certificate_is_renewed_while_the_connection_stays():
    target.start(signed=True)
    with mounted(FS, A, f"{TLS},iam"):
        before, port = established(), int(re.search(r"port=(\d+)", mountinfo(A)[0])[1])
        matches(target.visitor("serial="), "serial=0 ", "visitor")
        check(before, "no connection")
        for _ in range(6):
            sh(f"echo more >>{A}/while; sync {A}/while")
            time.sleep(1)
        equal(len(target.visitors), 1, "connections to the mount target so far")
        with socket.create_connection(("127.0.0.1", port), 20):    # one more, as the kernel's next one will be
            line = target.visitor("serial=[1-9]")
        check("refused=" not in line, line)
        check(before <= established(), f"connections were {before}, are {established()}")
        equal(sh(f"wc -l </srv/efs/while; rm {A}/while"), "6\n", "lines")
    gone(A)


def test_the_tunnel_is_confined_and_says_nothing_that_is_not_news():
    target.start(signed=True)
    pid, since = sleeper(), sh("date +%s").strip()
    with mounted(FS, A, f"{TLS},iam,awscredsuri={URI},netns=/proc/{pid}/ns/net", "-l"):
        sh(f"head -c 4M /dev/urandom >{A}/random; sync {A}/random")
        time.sleep(6)   # renewed, and looked after
        tunnel = sh(f"systemctl show -P MainPID {unit_of(A)}").strip()
        status = dict(line.split(":", 1) for line in sh(f"cat /proc/{tunnel}/status").splitlines())
        equal((status["Seccomp"].strip(), status["NoNewPrivs"].strip()), ("2", "1"), "seccomp and new privileges")
        check(bin(int(status["CapEff"], 16)).count("1") <= 3, f"capabilities {status['CapEff']}")
        equal(sh(f"readlink /proc/{tunnel}/ns/mnt"), sh("readlink /proc/1/ns/mnt"), "mount namespace")
    gone(A)
    os.kill(pid, signal.SIGKILL)
    said = sh(f"journalctl -q -b --since @{since} -o cat -u {unit_of(A)}")
    # systemd 252 has a word about two keys that came with 254
    warned = [line for line in sh(f"journalctl -q -b --since @{since} -o cat -p warning -u {unit_of(A)}", None).splitlines() if "Unknown key" not in line]
    equal(warned, [], "warnings")
    said = [line for line in said.splitlines() if "Unknown key" not in line]
    check(len(said) <= 8, "lines in the journal:\n" + "\n".join(said))
    lacks(sh(f"journalctl -q -b --since @{since} -o cat -k", None), "audit", "the kernel")


def test_a_renewed_certificate_is_shown_after_a_fail_over():
    target.start(signed=True)
    with mounted(FS, A, f"{TLS},iam"):
        equal(sh(f"cat {A}/file"), "hello\n", "file")
        matches(target.visitor("serial="), "serial=0 ", "visitor")
        time.sleep(6)
        target.start(signed=True)   # cuts every connection
        sh(f"echo more >>{A}/more; sync; cat {A}/more")
        matches(target.visitor("serial="), "serial=[1-9]", "visitor")
    gone(A)


def test_a_tunnel_that_is_killed_comes_back_to_its_port():
    target.start()
    with mounted(FS, A, TLS):
        before = sh(f"systemctl show -P MainPID {unit_of(A)}")
        sh(f"systemctl kill -s KILL {unit_of(A)}")
        sh(f"echo again >{A}/again")
        equal(sh("cat /srv/efs/again"), "again\n", "the server's file")
        check(sh(f"systemctl show -P MainPID {unit_of(A)}") != before, "it was not killed")
    gone(A)


def test_tls_in_the_network_of_a_task_that_goes_away():
    target.start(signed=True)
    pid = sleeper()
    mount(FS, A, f"{TLS},iam,awscredsuri={URI},netns=/proc/{pid}/ns/net")
    equal(sh(f"cat {A}/file"), "hello\n", "file")
    contains(sh("ip netns exec task ss -ltnH"), "127.0.0.1:20", "the tunnel's socket")
    os.kill(pid, signal.SIGKILL)
    sh("ip link del vtask")
    # It is off the table at once; but the kernel makes the last one who lets go wait for an answer of the server.
    leaving = subprocess.Popen(["umount", "-l", A])
    tap.wait_until(lambda: not mountinfo(A), 10, "the mount is gone")
    sh("pkill -KILL umount", None)
    leaving.wait(20)
    gone(A)


if __name__ == "__main__":
    scene.main()
