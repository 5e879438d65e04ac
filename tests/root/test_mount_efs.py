"""mount.efs as mount(8) calls it, with stand-ins for all that it talks to: name server, metadata service, EFS API,
systemctl and mount.nfs4. Real mounts are made by tests/vm."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from dns import Dns
from efs_api import EfsApi, target
from imds import BlackHole, Imds
from tap import contains, each, equal, lacks, together

FS = "fs-0123456789abcdef0"
HOST = f"{FS}.efs.eu-central-1.amazonaws.com"
AP = "fsap-0123456789abcdef0"
DEFAULTS = "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport"
COUNT = iter(range(1, 255))

# Takes the first line of `moods` away and does what it says: STATUS SECONDS TEXT. Mounts, that is, adds to the table.
MOUNT = """#!/bin/sh
here=$(dirname "$0")
printf '%s\\n' "$(readlink /proc/self/ns/net) $LC_ALL $*" >>"$here/mount.log"
read -r status seconds text <"$here/moods" || { status=0 seconds=0 text=; }
sed -i 1d "$here/moods"
echo $$ >"$here/mount.pid"
[ "$seconds" = 0 ] || exec sleep "$seconds"
[ -z "$text" ] || echo "$text" >&2
[ "$status" != 0 ] || echo "90 1 0:50 / $2 rw - nfs4 $1 rw" >>"$here/mountinfo"
exit "$status"
"""
# The service manager, and the tunnel that it starts.
SYSTEMCTL = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/systemctl.log"
read -r status seconds text <"$here/tunnel" || { status=0 seconds=0 text=; }
base=${2#ecs-efs-tunnel@}
base=${base%.service}
[ "$1" = restart ] || exit 0
cp -p "$here/root/run/ecs/efs/$base.conf" "$here/conf"
[ "$seconds" -lt 100 ] || exec sleep "$seconds"	# it is to be killed, with nothing left behind
sleep "$seconds"
[ -z "$text" ] || echo "$text" >"$here/root/run/ecs/efs/$base.error"
[ "$status" = 0 ] && echo 20123 >"$here/root/run/ecs/efs/$base.port"
exit "$status"
"""


class Scene:
    """A host; by default its name server knows the file system and everything works."""

    def __init__(self, *moods, tunnel="0 0", dns=True, targets=(), systemd=True, dns_mood=""):
        self.address = f"127.78.{os.getpid() & 255}.{next(COUNT)}"
        self.root = program.Root()
        self.folder = self.root.path + ".d"
        self.imds, self.api = Imds(), EfsApi(*targets)
        self.dns = Dns(f"127.79.{os.getpid() & 255}.{next(COUNT)}", {HOST: self.address, f"eu-central-1b.{HOST}": self.address} if dns else {})
        self.dns.mood = dns_mood
        self.moods, self.tunnel, self.systemd = moods, tunnel, systemd
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        os.makedirs(f"{self.folder}/mnt")
        self.point = f"{self.folder}/mnt"
        for name, text in {"mount.nfs4": MOUNT, "systemctl": SYSTEMCTL, "moods": "".join(m + "\n" for m in self.moods), "tunnel": self.tunnel + "\n",
                           "resolv.conf": f"nameserver {self.dns.address}\noptions timeout:30 attempts:1\n", "nsswitch.conf": "hosts: dns\n",
                           "mountinfo": "20 1 0:1 / / rw - ext4 /dev/x rw\n"}.items():
            with open(f"{self.folder}/{name}", "w") as file:
                file.write(text)
        for name in ("mount.nfs4", "systemctl"):
            os.chmod(f"{self.folder}/{name}", 0o755)
        os.symlink(self.root.path, f"{self.folder}/root")
        os.makedirs(self.root.at("/proc/self"))
        os.link(f"{self.folder}/mountinfo", self.root.at("/proc/self/mountinfo"))
        if self.systemd:
            os.makedirs(self.root.at("/run/systemd/system"))
        for each_one in (self.imds, self.api, self.dns):
            self.stack.enter_context(each_one)
        return self

    def __exit__(self, *_):
        self.stack.close()
        shutil.rmtree(self.folder)
        self.root.__exit__()

    def listen(self, address=None):
        """TCP port 2049 of a mount target."""
        listener = self.stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address or self.address, 2049))
        listener.listen(8)

    def argv(self, *arguments, binary=None):
        inside = 'for f in resolv.conf nsswitch.conf; do /bin/mount --bind "$0/$f" "/etc/$f" || exit; done; exec "$@"'
        return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", inside, self.folder, binary or program.path_of("ecs-mount-efs"),
                "--root", self.root.path, *arguments]

    def env(self, **more):
        path = more.pop("PATH", f"{self.folder}:/usr/sbin:/usr/bin:/sbin:/bin")
        return program.environment(**{"PATH": path, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.imds.url,
                                      "AWS_ENDPOINT_URL_ELASTICFILESYSTEM": self.api.url, **more})

    def mount(self, options="", spec=FS, code=0, binary=None, timeout=60, **env):
        words = ["-o", options] if options else []
        result = program.run(self.argv(spec, self.point, *words, binary=binary), self.env(**env), timeout=timeout)
        lacks(result.err, "example/secret/key")
        return result.exits(code)

    def log(self, name):
        try:
            with open(f"{self.folder}/{name}") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    @property
    def mounts(self):
        """What mount.nfs4 was called with."""
        return [line.split(" ", 2)[2] for line in self.log("mount.log")]

    @property
    def files(self):
        folder = self.root.at("/run/ecs/efs")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    @property
    def base(self):
        return FS + self.point.replace(".", "\\x2e").replace("/", ".")


def test_without_tls_the_name_is_mounted_with_the_recommended_options():
    with Scene() as scene:
        result = scene.mount("_netdev,nofail,ro", f"{FS}:/data")
        equal(scene.mounts, [f"{HOST}:/data {scene.point} -o ro,{DEFAULTS}"], "mount.nfs4")
        equal(scene.log("mount.log")[0].split()[1], "C", "LC_ALL")
        equal(result.err, "", "stderr")
        equal((scene.log("systemctl.log"), scene.files), ([], []), "tunnels")


def test_with_tls_the_tunnel_is_told_everything_and_mounted_from_here():
    with Scene() as scene:
        scene.mount(f"tls,iam,awscredsuri=/v2/credentials/x,accesspoint={AP},tlsport=20500,rw")
        equal(scene.log("conf"), [f"FILE_SYSTEM={FS}", f"HOST={HOST}", f"CONNECT={HOST}", "REGION=eu-central-1", "PORT=20500", "NETNS=",
                                  f"ACCESS_POINT={AP}", "IAM=true", "CREDENTIALS_URI=/v2/credentials/x", "CA_FILE=", "VERIFY=2",
                                  f"MOUNTPOINT={scene.point}", "SOURCE=ecs.ec2"], "state file")
        equal(os.stat(f"{scene.folder}/conf").st_mode & 0o777, 0o600, "its mode")
        equal(scene.root.mode("/run/ecs/efs"), 0o700, "its folder's mode")
        equal(scene.log("systemctl.log"), [f"restart ecs-efs-tunnel@{scene.base}.service"], "systemctl")
        equal(scene.mounts, [f"127.0.0.1:/ {scene.point} -o rw,{DEFAULTS},port=20123"], "mount.nfs4")
        equal(scene.files, [f"{scene.base}.conf", f"{scene.base}.port"], "files")


def test_efs_utils_conf_is_respected():
    with Scene() as scene:
        scene.root.write("/etc/amazon/efs/efs-utils.conf", "[mount]\nregion = eu-west-1\ndns_name_suffix = x.org\nstunnel_cafile = /ca.crt\n"
                         "[client-info]\nsource = k8s\n")
        scene.root.write("/ca.crt", "")
        scene.dns.records[f"{FS}.efs.eu-west-1.x.org"] = scene.address
        scene.mount("tls,verify=0")
        for line in (f"HOST={FS}.efs.eu-west-1.x.org", "REGION=eu-west-1", "CA_FILE=/ca.crt", "SOURCE=k8s", "VERIFY=0"):
            contains(scene.log("conf"), line, "state file")
        equal(scene.imds.asked(), [], "questions to the metadata service")


def test_the_zone_is_in_the_name_to_connect_to_but_not_in_the_certificate():
    with Scene() as scene:
        scene.mount("tls,az=eu-central-1b")
        contains(scene.log("conf"), f"HOST={HOST}", "state file")
        contains(scene.log("conf"), f"CONNECT=eu-central-1b.{HOST}", "state file")


def test_crossaccount_uses_the_id_of_the_zone():
    with Scene() as scene:
        scene.dns.records[f"euc1-az2.{HOST}"] = scene.address
        scene.mount("crossaccount")
        equal(scene.mounts, [f"euc1-az2.{HOST}:/ {scene.point} -o {DEFAULTS}"], "mount.nfs4")


@each(env=({"AWS_REGION": "eu-west-3"}, "", "eu-west-3"), option=({"AWS_REGION": "eu-west-3"}, "region=eu-west-2", "eu-west-2"))
def test_the_region_comes_from(env, options, region):
    with Scene() as scene:
        scene.dns.records[f"{FS}.efs.{region}.amazonaws.com"] = scene.address
        scene.mount(options, **env)
        contains(scene.mounts[0], f"efs.{region}.amazonaws.com:/", "mount.nfs4")


def test_an_alias_leads_to_the_file_system():
    with Scene() as scene:
        scene.dns.records["files.example.org"] = HOST
        scene.dns.records["other.example.org"] = scene.address
        scene.mount("", "files.example.org:/x")
        contains(scene.mounts[0], f"{HOST}:/x ", "mount.nfs4")
        scene.root.write("/proc/self/mountinfo", "")
        scene.mount("", "other.example.org:/x", 32).says("not the name of an EFS file system")


def test_a_full_name_needs_no_metadata_service():
    with Scene() as scene:
        scene.mount("", f"eu-central-1b.{HOST}:/", AWS_EC2_METADATA_DISABLED="true")
        contains(scene.mounts[0], f"eu-central-1b.{HOST}:/ ", "mount.nfs4")


def test_without_a_name_the_api_tells_the_address_of_the_own_zone():
    with Scene(dns=False) as scene:
        scene.api.targets = [target("127.0.0.9", "eu-central-1b", "euc1-az3"), target(scene.address)]
        scene.listen()
        scene.mount()
        equal(scene.mounts, [f"{scene.address}:/ {scene.point} -o {DEFAULTS}"], "mount.nfs4")
        equal(scene.api.signed, 1, "signed requests")
        equal(scene.api.asked()[0].query, {"FileSystemId": FS}, "query")


@each(https=("HTTPS_PROXY={}", True), http=("HTTP_PROXY={}", True), no_proxy=("HTTPS_PROXY={}\nNO_PROXY=169.254.169.254,.amazonaws.com,127.0.0.1", False))
def test_the_api_is_asked_by_way_of_the_agents_proxy(lines, by_way):
    """The proxy is the stand-in itself: it answers for hosts that do not exist."""
    with Scene(dns=False) as scene:
        scene.api.targets = [target(scene.address)]
        scene.listen()
        scene.root.write("/etc/ecs/ecs.config", "ECS_CLUSTER=x\n" + lines.format(scene.api.url) + "\n", 0o600)
        if by_way:
            scene.mount(AWS_ENDPOINT_URL_ELASTICFILESYSTEM="http://api.invalid")
            equal([r.target.partition("?")[0] for r in scene.api.asked()], ["http://api.invalid/2015-02-01/mount-targets"], "asked of the proxy")
        else:
            scene.mount()
            equal([r.target.partition("?")[0] for r in scene.api.asked()], ["/2015-02-01/mount-targets"], "asked directly")
        equal(len(scene.mounts), 1, "mounts")


def test_a_proxy_that_is_not_there_is_told():
    with Scene(dns=False) as scene:
        scene.root.write("/etc/ecs/ecs.config", "HTTPS_PROXY=http://user:secret-word@127.0.0.1:1\n", 0o600)
        result = scene.mount(code=32)
        result.says("has no address.*by way of the proxy")
        lacks(result.err, "secret-word")


@each(other_zones=("", 200, r"no mount target that is available in zone euc1-az2, but in eu-central-1b, eu-central-1c"),
      denied=("AccessDeniedException", 403, r"EFS API: AccessDeniedException, status 403 .*ecsInstanceRole.*DescribeMountTargets"),
      unknown=("FileSystemNotFound", 404, r"no such file system in this account"))
def test_without_a_name_and_a_target_both_causes_are_told(code, status, words):
    with Scene(dns=False, targets=[target("10.0.0.1", z, i) for z, i in (("eu-central-1b", "1"), ("eu-central-1c", "2"))]) as scene:
        if code:
            scene.api.fail("*", status, code)
        result = scene.mount(code=32)
        result.says(rf"mount.efs: mount {FS} at .*DNS: '{re.escape(HOST)}' has no address .*{words}")
        equal((scene.mounts, len(result.lines)), ([], 1), "mount.nfs4 and lines")


@each(html="html", garbage="garbage", endless="endless", cut="truncated:9", list="body:[]")
def test_an_api_that_answers_nonsense(mood):
    with Scene(dns=False, targets=[target("10.0.0.1")]) as scene:
        scene.api.misbehave(f"*={mood}")
        result = scene.mount(code=32)
        result.says("has no address")
        equal((scene.mounts, len(result.lines)), ([], 1), "mount.nfs4 and lines")


test_an_api_that_answers_nonsense = together(test_an_api_that_answers_nonsense)


@each(silent=("silent", "no name server"), servfail=("servfail", "Temporary failure"), garbage=("garbage", "no name server|Temporary|failure"))
def test_a_name_server_that_fails(mood, words):
    with Scene(dns_mood=mood) as scene:
        scene.api.fail("*", 403, "AccessDeniedException")
        result = scene.mount("region=eu-central-1", code=32).within(25)
        result.says(words)
        equal(len(result.lines), 1, "lines")


test_a_name_server_that_fails = together(test_a_name_server_that_fails)


def test_no_metadata_service_and_no_region():
    with Scene() as scene:
        scene.mount(code=32, AWS_EC2_METADATA_DISABLED="true").says("find the region: no option 'region', no AWS_REGION.*switched off")


def test_an_address_is_probed_first():
    with Scene() as scene:
        scene.mount(f"mounttargetip={scene.address}", code=32).says(f"connect to {scene.address} port 2049: nothing listens there").within(10)
        scene.listen()
        scene.mount(f"mounttargetip={scene.address},tls")
        contains(scene.log("conf"), f"CONNECT={scene.address}", "state file")
        contains(scene.log("conf"), f"HOST={HOST}", "state file")


def test_a_security_group_is_named():
    with Scene() as scene, BlackHole((scene.address, 2049)):
        result = scene.mount(f"mounttargetip={scene.address}", code=32)
        result.says("port 2049: no answer: do the security groups").within(15)


def test_a_security_group_is_named_when_mount_nfs4_only_knows_a_timeout():
    with Scene("32 0 mount.nfs4: Connection timed out") as scene, BlackHole((scene.address, 2049)):
        scene.mount(code=32).says(r"mount.nfs4: Connection timed out \(connect to .* port 2049: no answer: do the security groups")


@each(twice_reset=(("32 0 mount.nfs4: Connection reset by peer",) * 2, "tls", 3, 0),
      always_reset=(("32 0 mount.nfs4: Connection reset by peer",) * 5, "tls", 3, 32),
      denied=(("32 0 mount.nfs4: access denied by server while mounting x",), "tls,iam", 1, 32),
      new_access_point=(("32 0 mount.nfs4: access denied by server while mounting x",), f"tls,accesspoint={AP}", 2, 0),
      refused=(("32 0 mount.nfs4: Connection refused",), "", 1, 32),
      hangs_once=(("0 100",), "", 2, 0))
def test_runs_of_mount_nfs4(moods, options, runs, code):
    with Scene(*moods) as scene:
        scene.listen()
        result = scene.mount(options, code=code).within(45)
        equal(len(scene.mounts), runs, "runs")
        if code:
            result.says(rf"mount.efs: mount {FS} at {scene.point}: mount.nfs4: ")
            equal(scene.files, [], "files")
        if "tls" in options:
            equal(len(scene.log("systemctl.log")), 2 if code else 1, "calls of systemctl")


test_runs_of_mount_nfs4 = together(test_runs_of_mount_nfs4)


@each(iam=("tls", "access denied by server while mounting x", r"\(option iam\)"), policy=("tls,iam", "access denied by server", "ClientMount"),
      tls=("", "access denied by server", r"\(option tls\)"), module=("", "No such device", "modprobe nfsv4"),
      path=("", "mounting x failed, reason given by server: No such file or directory", "there is no such folder"))
def test_causes(options, said, words):
    with Scene(f"32 0 mount.nfs4: {said}") as scene:
        scene.listen()
        scene.mount(options, code=32).says(words)


test_causes = together(test_causes)


def test_what_the_tunnel_knows_better_is_told():
    text = "connect to 10.0.0.1: the certificate is of somebody else"
    with Scene("32 0 mount.nfs4: Connection refused", tunnel=f"0 0 {text}") as scene:
        scene.listen()
        scene.mount("tls", code=32).says(f"the tunnel says: {text}")
        equal(scene.log("systemctl.log")[-1], f"stop ecs-efs-tunnel@{scene.base}.service", "systemctl")
        equal(scene.files, [], "files")


def test_a_tunnel_that_does_not_start():
    with Scene(tunnel="1 0 no credentials") as scene:
        result = scene.mount("tls", code=32)
        result.says("the tunnel says: no credentials")
        equal((scene.mounts, scene.files, len(result.lines)), ([], [], 1), "mount.nfs4, files, lines")


def test_a_tunnel_that_starts_for_ever_is_given_up():
    with Scene(tunnel="0 100") as scene:
        scene.mount("tls", code=32).says("start the tunnel: systemctl: no end in time").within(40)
        equal((scene.mounts, scene.files), ([], []), "mount.nfs4, files")


def test_without_systemd_the_tunnel_is_started_directly():
    with Scene(systemd=False) as scene:
        shutil.copy(program.path_of("ecs-mount-efs"), f"{scene.folder}/ecs-mount-efs")
        scene.mount("tls", code=32, binary=f"{scene.folder}/ecs-mount-efs").says("start the tunnel '.*/ecs-efs-tunnel': No such file")
        with open(f"{scene.folder}/ecs-efs-tunnel", "w") as file:
            file.write(f'''#!/bin/sh
                sleep 100 >/dev/null 2>&1 &
                echo "$! $*" >"{scene.folder}/direct"
                echo 20124 >"$2/run/ecs/efs/$3.port"''')
        os.chmod(f"{scene.folder}/ecs-efs-tunnel", 0o755)
        scene.mount("tls", binary=f"{scene.folder}/ecs-mount-efs").within(10)
        pid, words = scene.log("direct")[0].split(" ", 1)
        os.kill(int(pid), signal.SIGKILL)   # it was still there
        equal(words, f"--root {scene.root.path} {scene.base}", "arguments")
        contains(scene.mounts[0], "port=20124", "mount.nfs4")


def test_in_the_network_of_a_task():
    with Scene() as scene:
        task = subprocess.Popen(["/usr/bin/unshare", "--net", "/bin/sleep", "100"])
        try:
            ours = os.readlink("/proc/self/ns/net")
            namespace = f"/proc/{task.pid}/ns/net"
            tap.wait_until(lambda: os.readlink(namespace) != ours, 5, "a namespace")
            scene.mount(f"netns={namespace}")
            equal(scene.log("mount.log")[0].split()[0], os.readlink(namespace), "the network of mount.nfs4")
            contains(scene.mounts[0], f"{scene.address}:/ ", "mount.nfs4")   # names cannot be looked up in there
            scene.root.write("/proc/self/mountinfo", "")
            scene.mount(f"tls,netns={namespace}")
            contains(scene.log("conf"), f"NETNS={namespace}", "state file")
        finally:
            task.kill()
            task.wait()
        scene.root.write("/proc/self/mountinfo", "")
        scene.mount(f"netns={namespace}", code=32).says("open the network namespace .*has the task ended")
        scene.mount("netns=/etc/passwd", code=32).says("enter the network namespace: Invalid argument")


def test_what_is_mounted_already_is_left_alone():
    with Scene() as scene:
        scene.mount()
        scene.mount("tls").says("NFS is mounted there already")
        equal((len(scene.mounts), scene.log("systemctl.log")), (1, []), "mount.nfs4 and systemctl")


def test_two_at_once_mount_once():
    with Scene("0 0", tunnel="0 1") as scene:
        with program.Started(scene.argv(FS, scene.point, "-o", "tls"), scene.env()) as first:
            tap.wait_until(lambda: scene.log("systemctl.log"), 10, "the first one begins")
            scene.mount("tls").says("already")
            first.end().exits(0)
        equal((len(scene.mounts), len(scene.log("systemctl.log"))), (1, 1), "mount.nfs4 and systemctl")


def test_no_nfs_package():
    with Scene() as scene:
        os.unlink(f"{scene.folder}/mount.nfs4")
        scene.mount(code=32, PATH=scene.folder).says("no mount.nfs4: install nfs-common .*nfs-utils .*nfs-client")


@each(term=signal.SIGTERM, kill=signal.SIGKILL)
def test_mount_nfs4_does_not_outlive_it(number):
    with Scene("0 100") as scene:
        with program.Started(scene.argv(FS, scene.point), scene.env()) as started:
            tap.wait_until(lambda: scene.log("mount.pid"), 10, "mount.nfs4 runs")
            pid = int(scene.log("mount.pid")[0])
            started.signal(number)
            tap.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 5, "mount.nfs4 is gone")


@each(no_spec=([], 1, "usage"), bad_spec=(["../x", "{}"], 1, "neither fs-"), no_folder=([FS, "{}/none"], 1, "No such file"),
      a_file=([FS, "{}/../moods"], 1, "not a folder"), option=([FS, "{}", "-o", "iam"], 1, "option 'iam' needs 'tls'"),
      unknown=([FS, "{}", "--bogus"], 1, "bogus"), namespace=([FS, "{}", "-N", "/proc/1/ns/mnt"], 1, "not supported"),
      fake=([FS, "{}", "-f", "-o", "tls"], 0, ""), help=(["--help"], 0, ""), version=(["--version"], 0, ""))
def test_the_command_line(arguments, code, words):
    with Scene() as scene:
        result = program.run(scene.argv(*[a.format(scene.point) for a in arguments]), scene.env()).exits(code)
        result.says(words)
        equal(scene.mounts, [], "mount.nfs4")


def test_as_mount_8_calls_it():
    with Scene() as scene:
        program.run(scene.argv(f"{FS}:/", scene.point, "-s", "-n", "-v", "-o", "rw,_netdev", "-t", "efs"), scene.env()).exits(0)
        equal(scene.mounts, [f"{HOST}:/ {scene.point} -s -n -v -o rw,{DEFAULTS}"], "mount.nfs4")


@each(absent=None, theirs="their program")
def test_the_link_is_made_only_where_nothing_is(content):
    if not shutil.which("systemd-tmpfiles"):
        tap.skip("no systemd-tmpfiles here")
    with program.Root() as root:
        os.makedirs(root.at("/usr/sbin"))
        os.symlink("usr/sbin", root.at("/sbin"))
        if content:
            root.write("/usr/sbin/mount.efs", content)
        program.run(["systemd-tmpfiles", f"--root={root.path}", "--create", f"{program.TOP}/rpm/ecs-efs.tmpfiles"]).exits(0)
        if content:
            equal(root.read("/usr/sbin/mount.efs"), content, "mount.efs")
        else:
            equal(os.readlink(root.at("/usr/sbin/mount.efs")), "/usr/libexec/ecs-mount-efs", "mount.efs")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        sys.exit(0)
    tap.main()
