"""The scene of the tests in the virtual machine: NFS servers, a mount target, a task's network, credentials.

The server is the machine's own nfsd. Its mount target is 10.9.0.2, in a network namespace of its own, from where TCP port
2049 leads to nfsd. The access point's root is a folder of the same file system, exported by another nfsd, as another
server, in a third namespace. A task has a fourth, whose way to the mount target goes through the machine."""

import contextlib
import os
import re
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [f"{TESTS}/lib", f"{TESTS}/fakes"]
import aws
import program
import tap
from efs import ACCESS_POINT, Agent, FILE_SYSTEM as FS, HOST, KEY_ID, REGION, SECRET, TOKEN
from imds import Imds
from tap import check

ZONE = f"{REGION}a"
TARGET, ACCESS_POINT_SERVER, TASK = "10.9.0.2", "10.9.2.2", "10.9.1.2"
TEAM = 1001     # whom all are who come by the access point
FILES = "/stage/efs"
TLS = "tls,cafile=/run/authority.crt"
# Hours become seconds.
DROP_IN = """[Service]
ExecStart=
ExecStart=/usr/libexec/ecs-efs-tunnel --foreground --shorten renew=4000 --shorten gone=1500 --shorten look=500 %i
"""
EXPORT = "rw,fsid=0,insecure,no_subtree_check"


def sh(text, code=0, seconds=100):
    done = subprocess.run(["bash", "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=seconds)
    check(code is None or done.returncode == code, f"$ {text}\nexit status {done.returncode}, wanted {code}\n{done.stdout}")
    return done.stdout


def network():
    sh("""set -e
       echo 1 >/proc/sys/net/ipv4/ip_forward
       ip link set lo up
       for each in server:0 task:1 point:2; do
           name=${each%:*} net=10.9.${each#*:}
           ip netns add $name
           ip link add v$name type veth peer name eth0 netns $name
           ip addr add $net.1/24 dev v$name; ip link set v$name up
           ip -n $name addr add $net.2/24 dev eth0; ip -n $name link set eth0 up; ip -n $name link set lo up
           ip -n $name route add default via $net.1
       done
       mkdir -p /mnt/a /mnt/b '/mnt/c d' /srv/efs/sub /srv/efs/team
       echo hello >/srv/efs/file; echo team >/srv/efs/team/own""" + f"\nchown -R {TEAM}:{TEAM} /srv/efs/team")
    with open("/etc/hosts", "a") as file:
        file.write(f"{TARGET} {HOST} {ZONE}.{HOST}\n")


def nfs_server():
    sh(f"""set -e
       modprobe nfsd
       mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
       echo 10 >/proc/fs/nfsd/nfsv4leasetime; echo 10 >/proc/fs/nfsd/nfsv4gracetime
       echo 1048576 >/proc/fs/nfsd/max_block_size
       systemctl start nfs-server
       exportfs -o {EXPORT},no_root_squash '10.9.0.0/16:/srv/efs'
       echo Y >/proc/fs/nfsd/v4_end_grace || true""")


def access_point_server(stack):
    """nfsd belongs to a network namespace; its name, by which clients tell servers apart, is that of the host it was begun on."""
    script = f"""set -e
        hostname point
        mount -t tmpfs none /var/lib/nfs; mkdir /var/lib/nfs/v4recovery; touch /var/lib/nfs/etab /var/lib/nfs/rmtab
        mount -t nfsd nfsd /proc/fs/nfsd
        echo 10 >/proc/fs/nfsd/nfsv4leasetime; echo 10 >/proc/fs/nfsd/nfsv4gracetime
        exportfs -o {EXPORT},all_squash,anonuid={TEAM},anongid={TEAM} '10.9.0.0/16:/srv/efs/team'
        rpc.mountd -N 2 -N 3
        rpc.nfsd -N 3 4
        echo Y >/proc/fs/nfsd/v4_end_grace || true
        echo ready
        sleep infinity"""
    server = stack.enter_context(program.Started(["ip", "netns", "exec", "point", "unshare", "--mount", "--uts", "bash", "-c", script]))
    server.wait_to_say("^ready", 60)


class MountTarget:
    """efs-front in the namespace `server`; ended and begun anew by a test, as a fail-over is."""

    def __init__(self):
        self.started = None

    def start(self, certificate="server", signed=False):
        self.stop()
        options = ["--table", "/run/table"] if signed else []
        self.started = program.Started(["ip", "netns", "exec", "server", f"{FILES}/front", "--listen", f"{TARGET}:2049", "--backend", "10.9.0.1:2049",
                                        "--cert", f"{FILES}/{certificate}.crt", "--key", f"{FILES}/{certificate}.key", "--file-system", FS,
                                        "--access-point", ACCESS_POINT, "--route", f"{ACCESS_POINT}={ACCESS_POINT_SERVER}:2049",
                                        "--region", REGION, *options])
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


def sleeper():
    """A process in the task's network, as the pause container is one."""
    child = subprocess.Popen(["ip", "netns", "exec", "task", "sleep", "1000"])
    tap.wait_until(lambda: os.readlink(f"/proc/{child.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10, "the task's network")
    return child.pid


def unit_of(point):
    base = point.replace(".", "\\x2e").replace(" ", "\\x20").replace("/", ".")
    return f"'ecs-efs-tunnel@{FS}{base}.service'"


def active(point):
    return sh(f"systemctl is-active {unit_of(point)}", None).strip()


def gone(point):
    tap.wait_until(lambda: active(point) != "active", 30, "the tunnel ends")
    tap.equal(os.listdir("/run/ecs/efs"), [], "files of tunnels")


def main():
    with contextlib.ExitStack() as stack:
        network()
        nfs_server()
        access_point_server(stack)
        endpoints(stack)
        tunnels()
        target.start()
        stack.callback(target.stop)
        tap.main()
