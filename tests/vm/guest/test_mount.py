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
import aws
import program
import tap
from efs import ACCESS_POINT, Agent, FILE_SYSTEM as FS, HOST, KEY_ID, REGION, SECRET, TOKEN, URI
from imds import Imds
from tap import check, contains, equal, matches

ZONE = f"{REGION}a"
TARGET = "10.9.0.2"
TASK = "10.9.1.2"
A, B, C = "/mnt/a", "/mnt/b", "/mnt/c d"
FILES = "/stage/efs"
# Hours become seconds.
DROP_IN = """[Service]
ExecStart=
ExecStart=/usr/libexec/ecs-efs-tunnel --foreground --shorten renew=4000 --shorten gone=1500 --shorten look=500 %i
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
        file.write(f"{TARGET} {HOST} {ZONE}.{HOST}\n")


def nfs_server():
    sh("""set -e
       modprobe nfsd
       mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
       echo 10 >/proc/fs/nfsd/nfsv4leasetime; echo 10 >/proc/fs/nfsd/nfsv4gracetime
       echo 1048576 >/proc/fs/nfsd/max_block_size
       systemctl start nfs-server
       exportfs -o rw,no_root_squash,fsid=0,insecure,no_subtree_check '10.9.0.0/16:/srv/efs'
       echo Y >/proc/fs/nfsd/v4_end_grace || true""")


class MountTarget:
    """efs-front in the namespace `server`; ended and begun anew by a test, as a fail-over is."""

    def __init__(self):
        self.started = None

    def start(self, certificate="server", signed=False):
        self.stop()
        options = ["--table", "/run/table"] if signed else []
        self.started = program.Started(["ip", "netns", "exec", "server", f"{FILES}/front", "--listen", f"{TARGET}:2049", "--backend", "10.9.0.1:2049",
                                        "--cert", f"{FILES}/{certificate}.crt", "--key", f"{FILES}/{certificate}.key", "--file-system", FS,
                                        "--access-point", ACCESS_POINT, "--region", REGION, *options])
        self.started.wait_to_say("^port 2049", 30)

    def stop(self):
        if self.started:
            self.started.__exit__()

    @property
    def visitors(self):
        """What it said of those with a certificate."""
        return [line for line in self.started.out.splitlines() if " fs=fs-" in line]

    def visitor(self, pattern, seconds=30):
        return tap.wait_until(lambda: next((line for line in self.visitors if re.search(pattern, line)), None), seconds, f"a visitor like {pattern}")


target, agent = MountTarget(), Agent()


def endpoints(stack):
    sh("ip addr add 169.254.169.254/32 dev lo; ip addr add 169.254.170.2/32 dev lo")
    metadata = stack.enter_context(Imds(listen=("169.254.169.254", 80)))
    metadata.set("placement/region", REGION)
    metadata.set("placement/availability-zone", ZONE)
    agent.listen_at = ("169.254.170.2", 80)
    stack.enter_context(agent)
    role = aws.GIVEN
    with open("/run/table", "w") as file:
        file.write(f"{KEY_ID} {SECRET} {TOKEN}\n{role['AccessKeyId']} {role['SecretAccessKey']} {role['Token']}\n")


def tunnels():
    sh("""set -e
       mkdir -p /etc/amazon/efs /etc/systemd/system/ecs-efs-tunnel@.service.d
       cp /stage/efs/privateKey.pem /etc/amazon/efs/ && chmod 400 /etc/amazon/efs/privateKey.pem
       cp /stage/efs/authority.crt /run/authority.crt""")
    with open("/etc/systemd/system/ecs-efs-tunnel@.service.d/test.conf", "w") as file:
        file.write(DROP_IN)
    sh("systemctl daemon-reload")


def mountinfo(point):
    escaped = point.replace(" ", "\\040")
    with open("/proc/self/mountinfo") as file:
        return [line for line in file if line.split()[4] == escaped]


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
        file.write(f"{FS}:/sub /mnt/b efs _netdev,nofail,x-systemd.mount-timeout=90s 0 0\n")
    sh("systemctl daemon-reload; systemctl start mnt-b.mount")
    contains(mountinfo(B)[0], f"nfs4 {HOST}:/sub ", "mountinfo")
    sh("systemctl stop mnt-b.mount")
    equal(mountinfo(B), [], "mounts")


TLS = "tls,cafile=/run/authority.crt"


def unit_of(point):
    base = point.replace(".", "\\x2e").replace(" ", "\\x20").replace("/", ".")
    return f"'ecs-efs-tunnel@{FS}{base}.service'"


def active(point):
    return sh(f"systemctl is-active {unit_of(point)}", None).strip()


def gone(point):
    tap.wait_until(lambda: active(point) != "active", 30, "the tunnel ends")
    equal(os.listdir("/run/ecs/efs"), [], "files of tunnels")


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
        equal(sh(f"cat {A}/file"), "hello\n", "file")
        line = target.visitor(f"fs={FS} ap={ACCESS_POINT} key={KEY_ID} ")
        contains(line, "source=ecs.ec2 ", "visitor")
        check("refused=" not in line, line)
    gone(A)


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


def main():
    with contextlib.ExitStack() as stack:
        network()
        nfs_server()
        endpoints(stack)
        tunnels()
        target.start()
        stack.callback(target.stop)
        tap.main()


if __name__ == "__main__":
    main()
