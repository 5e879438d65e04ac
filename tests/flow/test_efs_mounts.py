"""The section `efs`: fstab, drop-ins and folders come and go; what systemd makes of them; why a mount fails."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import bootstrap
import program
import tap
from tap import each, equal, together

FSTAB = "/etc/fstab"
SYSTEM = "/etc/systemd/system"
DOCKER = f"{SYSTEM}/docker.service.d/10-ecs-bootstrap-efs.conf"
AGENT = f"{SYSTEM}/ecs.service.d/10-ecs-bootstrap-efs.conf"
STATE = "/var/lib/ecs/bootstrap/efs-mounts.json"
RESULTS = "/run/ecs/efs-results.json"
GENERATOR = "/usr/lib/systemd/system-generators/systemd-fstab-generator"
THEIRS = "# theirs\n/dev/vda1 / ext4 defaults 0 1\n\nUUID=1 /data xfs nofail 0 2"
TAIL = ",x-systemd.mount-timeout=90s,x-systemd.after=ecs-packages.service 0 0"


def mount(point="/efs", fs="fs-0123456789abcdef0", **more):
    return {"mountPoint": point, "fileSystemId": fs, **more}


def document(*mounts):
    return json.dumps({"version": 1, "efs": list(mounts)})


class Host(bootstrap.Host):
    """SYSTEMD: there is one, and a stand-in is told what it has to do."""

    def __init__(self, systemd=True):
        super().__init__(old=None)
        self.write(FSTAB, THEIRS, 0o644)
        os.makedirs(self.at("/bin"))
        self.stand_in("systemctl", "exit 0")
        self.stand_in("journalctl", "exit 0")
        if systemd:
            os.makedirs(self.at("/run/systemd/system"))

    def stand_in(self, name, script):
        self.write(f"/bin/{name}", f'#!/bin/sh\nprintf "%s\\n" "$*" >>{self.at(f"/{name}.calls")}\n{script}\n', 0o755)

    def calls(self, name="systemctl"):
        return self.read(f"/{name}.calls").splitlines() if self.has(f"/{name}.calls") else []

    def programs(self):
        return f"{self.at('/bin')}:/usr/sbin:/usr/bin:/sbin:/bin"

    def run(self, user_data):
        return self.config_of(user_data, PATH=self.programs())

    def watch(self, seconds=5):
        argv = [program.path_of("ecs-bootstrap"), "efs-mounts", "--root", self.path, "--timeout", str(seconds)]
        return program.run(argv, program.environment(PATH=self.programs()), timeout=60)

    def ours(self):
        found = re.search(r"^# BEGIN ecs-bootstrap.*\n((?:.*\n)*)# END ecs-bootstrap\n\Z", self.read(FSTAB), re.M)
        return found[1].splitlines() if found else None

    def mounted(self, *points):
        self.write("/proc/self/mountinfo", "".join(f"40 22 0:36 / {point} rw - nfs4 127.0.0.1:/ rw\n" for point in points))


# --- what is written

def test_lines_folders_and_drop_ins_come_and_go():
    with Host() as host:
        os.makedirs(host.at("/there"))
        host.run(document(mount(transitEncryption="ENABLED", authorizationConfig={"iam": "ENABLED"}, required=True),
                          mount("/there", "fs-01234567"), mount("/mnt/a-b/c", "fs-01234568", rootDirectory="/x y"))).exits(0).says(
                              "applied setting 'efs'")
        equal(host.ours(), [f"fs-0123456789abcdef0:/ /efs efs _netdev,nofail,tls,iam{TAIL}", f"fs-01234567:/ /there efs _netdev,nofail{TAIL}",
                            f"fs-01234568:/x\\040y /mnt/a-b/c efs _netdev,nofail{TAIL}"])
        tap.check(host.read(FSTAB).startswith(THEIRS + "\n# BEGIN"), "lines of others changed")
        equal(host.read(DOCKER).split("[Unit]\n")[1], "After=efs.mount there.mount mnt-a\\x2db-c.mount\nRequires=efs.mount\n"
                                                      "Wants=there.mount mnt-a\\x2db-c.mount\n")
        for path in (AGENT, AGENT.replace("ecs.service", "ecs-prepare.service"), AGENT.replace("ecs.service", "ecs-after-user-data.service")):
            equal(host.read(path).split("[Unit]\n")[1], "After=efs.mount\nRequires=efs.mount\n", path)
        equal(host.calls(), ["daemon-reload", "start --no-block efs.mount there.mount mnt-a\\x2db-c.mount"])
        equal((host.mode("/efs"), host.mode(FSTAB)), (0o755, 0o644), "modes")

        host.run(document()).exits(0)
        equal(host.read(FSTAB), THEIRS + "\n", "fstab")
        equal([host.has(path) for path in (DOCKER, AGENT, STATE, "/run/ecs/efs-mounts.json", "/efs", "/mnt/a-b/c", "/there")],
              [False] * 6 + [True])
        equal(host.calls()[2:], ["daemon-reload"])


def test_nothing_is_touched_the_second_time():
    with Host() as host:
        host.run(document(mount())).exits(0)
        before = host.state("/etc"), host.state("/var/lib"), host.state("/run")
        host.mounted("/efs")
        tap.lacks(host.run(document(mount())).exits(0).err, "applied setting 'efs'")
        for folder, was in zip(("/etc", "/var/lib", "/run"), before):
            program.same_state(was, host.state(folder))
        equal(len(host.calls()), 2, "calls of systemctl")


def test_what_is_not_mounted_is_started_again():
    with Host() as host:
        host.run(document(mount(), mount("/b", "fs-01234567"))).exits(0)
        host.mounted("/b")
        host.run(document(mount(), mount("/b", "fs-01234567"))).exits(0)
        equal(host.calls()[2:], ["start --no-block efs.mount"])


def test_required_only_changes_the_drop_ins():
    with Host() as host:
        host.run(document(mount(required=True))).exits(0)
        host.run(document(mount())).exits(0)
        equal(host.read(DOCKER).split("[Unit]\n")[1], "After=efs.mount\nWants=efs.mount\n")
        equal(host.has(AGENT), False, AGENT)


def test_mode_and_owner_of_fstab_stay():
    with Host() as host:
        os.chmod(host.at(FSTAB), 0o664)
        if os.geteuid() == 0:
            os.chown(host.at(FSTAB), 0, 12)
        host.run(document(mount())).exits(0)
        equal(host.mode(FSTAB), 0o664, "mode")
        if os.geteuid() == 0:
            equal(os.stat(host.at(FSTAB)).st_gid, 12, "group")


def test_host_without_an_fstab():
    with Host() as host:
        os.unlink(host.at(FSTAB))
        host.run(document(mount())).exits(0)
        equal((len(host.ours()), host.mode(FSTAB)), (1, 0o644))


@each(same=("/efs",), slash=("/efs/",))
def test_line_of_somebody_else_for_the_same_folder(point):
    with Host() as host:
        host.write(FSTAB, f"{THEIRS}\nfs-9:/ {point} efs _netdev 0 0\n")
        before = host.state("/etc")
        host.run(document(mount())).exits(1).says("apply setting 'efs': mount EFS at '/efs': line 5 of '/etc/fstab', which is not ours")
        program.same_state(before, host.state("/etc"))
        equal((host.has("/efs"), host.has(STATE), host.calls()), (False, False, []))


@each(link="link", file="file")
def test_mount_point_that_is_no_folder(kind):
    with Host() as host:
        if kind == "link":
            os.makedirs(host.at("/elsewhere"))
            os.symlink("elsewhere", host.at("/efs"))
        else:
            host.write("/efs", "mine")
        host.run(document(mount())).exits(1).says("mount EFS at '/efs': (it is a symbolic link|Not a directory)")
        equal(host.read(FSTAB), THEIRS, "fstab")


def test_folder_with_something_in_it_stays():
    with Host() as host:
        host.run(document(mount())).exits(0)
        host.write("/efs/file", "mine")
        host.run(document()).exits(0)
        equal(host.read("/efs/file"), "mine")
        equal(host.has(STATE), False, STATE)


def test_block_without_an_end():
    with Host() as host:
        host.write(FSTAB, "# BEGIN ecs-bootstrap: cut off\n/dev/vdb /data xfs nofail 0 2\n")
        host.run(document(mount())).exits(0)
        tap.contains(host.read(FSTAB), "/dev/vdb /data")
        equal(len(host.ours()), 1)


@each(damaged='{"/efs":', list="[]", other='{"/efs": 7, "x": {"madeFolder": "yes"}}')
def test_damaged_state_loses_nothing(text):
    with Host() as host:
        os.makedirs(host.at("/x"))
        host.write(STATE, text)
        host.run(document(mount())).exits(0)
        host.run(document()).exits(0)
        equal(host.has("/x"), True)
        equal(host.read(FSTAB), THEIRS + "\n")


def test_without_systemd_all_is_written_and_nobody_told():
    with Host(systemd=False) as host:
        host.run(document(mount())).exits(0)
        equal((len(host.ours()), host.calls()), (1, []))


@each(reload=("daemon-reload", "make systemd read its units again"), start=("start", "have systemd mount EFS"))
def test_systemd_that_refuses(what, says):
    with Host() as host:
        host.stand_in("systemctl", f"[ $1 != {what} ] || {{ echo 'Failed: Refused' >&2; exit 1; }}")
        host.run(document(mount())).exits(1).says(f"apply setting 'efs': {says}: systemctl ended with 1: Failed: Refused")


def test_seventy_file_systems_are_too_many():
    with Host() as host:
        host.run(document(*[mount(f"/m{n}") for n in range(70)])).exits(1).says("more than 64")
        equal(host.read(FSTAB), THEIRS)


# --- what systemd makes of it

def units_of(host):
    """As the generator writes them: name -> text, and what pulls them in."""
    if not os.path.exists(GENERATOR):
        tap.skip(f"there is no {GENERATOR} here")
    folders = [host.at(f"/generated/{name}") for name in ("normal", "early", "late")]
    for folder in folders:
        os.makedirs(folder)
    env = {"PATH": "/usr/bin:/bin", "SYSTEMD_FSTAB": host.at(FSTAB), "SYSTEMD_LOG_LEVEL": "warning", "SYSTEMD_LOG_TARGET": "console"}
    done = subprocess.run([GENERATOR, *folders], env=env, capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""), "the generator")
    found = {}
    for folder, _, names in os.walk(folders[0]):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                with open(path) as file:
                    found[name] = file.read()
    return found, folders[0]


def test_generator_takes_the_lines():
    with Host() as host:
        host.write(FSTAB, "# none\n")
        host.run(document(mount(rootDirectory="/x y"), mount("/mnt/a-b", "fs-01234567", transitEncryption="ENABLED"))).exits(0)
        units, folder = units_of(host)
        equal(sorted(units), ["efs.mount", "mnt-a\\x2db.mount"])
        text = units["efs.mount"]
        for line in ("Where=/efs", "Type=efs", "After=ecs-packages.service", "TimeoutSec=1min 30s"):
            tap.check(line in text.splitlines() or line.replace("1min 30s", "90s") in text.splitlines(), f"{line} is not in:\n{text}")
        tap.matches(text, r"^What=fs-0123456789abcdef0:/x(\\x20| )y$")
        tap.matches(text, "^Options=_netdev,nofail,")
        equal([line for line in text.splitlines() if line.startswith("Before=")], [], "what waits for it by itself")
        wants = [os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names
                 if os.path.islink(os.path.join(at, name)) and name.endswith(".mount")]
        equal(sorted(wants), ["remote-fs.target.wants/efs.mount", "remote-fs.target.wants/mnt-a\\x2db.mount"])


def test_names_of_units_are_those_of_the_generator():
    points = ["/a.b", "/.a/b", "/a_b-c", "/ä", "/a+b@c~d"]
    with Host() as host:
        host.write(FSTAB, "")
        host.run(document(*[mount(point) for point in points])).exits(0)
        units, _ = units_of(host)
        named = re.search("^After=(.*)$", host.read(DOCKER), re.M)[1].split()
        equal(sorted(named), sorted(units))


# --- the watch

def unit(state, result="success"):
    return f"[ $1 != show ] || printf 'ActiveState={state}\\nResult={result}\\n'"


def test_watch_ends_when_all_is_mounted():
    with Host() as host:
        host.run(document(mount(), mount("/b", "fs-01234567"))).exits(0)
        host.mounted("/efs", "/b")
        host.watch().exits(0).says("EFS is mounted at '/efs'\n.*EFS is mounted at '/b'").within(3)
        equal(json.loads(host.read(RESULTS)), {"/efs": {"state": "mounted"}, "/b": {"state": "mounted"}})
        equal([call for call in host.calls() if "docker" in call], [], "what was started")


def test_watch_has_nothing_to_do():
    with Host() as host:
        equal(host.watch().exits(0).err, "")


@together
@each(security_group=("timeout", "", "no answer at TCP port 2049: the security groups of the mount target"),
      connection_timed_out=("exit-code", "mount.nfs4: Connection timed out", "no answer at TCP port 2049: the security groups"),
      refused=("exit-code", "mount.nfs4: Connection refused", "the connection is refused"),
      dns=("exit-code", 'Failed to resolve "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com" - check that', "its name does not resolve"),
      denied=("exit-code", "mount.nfs4: access denied by server while mounting 127.0.0.1:/", "access is denied: look at the file system policy"),
      helper=("exit-code", "mount: /efs: unknown filesystem type 'efs'.", "neither amazon-efs-utils nor"),
      unknown=("exit-code", "mount.efs: something new", "it failed: mount.efs: something new"))
def test_watch_says_why(result, said, cause):
    with Host() as host:
        host.run(document(mount())).exits(0)
        host.stand_in("systemctl", unit("failed", result))
        host.write("/said", said + "\n")
        host.stand_in("journalctl", f"cat {host.at('/said')}")
        got = host.watch(seconds=2).exits(1)
        got.says(f"mount 'fs-0123456789abcdef0' at '/efs': .*{re.escape(cause)}.*; trying again")
        equal(len(got.lines), 2, f"lines:\n{got.err}")
        found = json.loads(host.read(RESULTS))["/efs"]
        equal(found["state"], "failed")
        tap.contains(found["cause"], cause)
        tap.contains("\n".join(host.calls("journalctl")), "_SYSTEMD_UNIT=efs.mount")


@together
def test_required_mount_that_comes_late_wakes_docker():
    with Host() as host:
        host.run(document(mount(required=True), mount("/other"))).exits(0)
        host.mounted()
        host.stand_in("systemctl", f"""
case "$*" in
show*) printf 'ActiveState=failed\\nResult=exit-code\\n' ;;
"start --no-block efs.mount") echo '40 22 0:36 / /efs rw - nfs4 127.0.0.1:/ rw' >{host.at("/proc/self/mountinfo")} ;;
esac""")
        host.watch(seconds=9).exits(1).says("trying again\n(.*\n)*.*EFS is mounted at '/efs'")
        equal([call for call in host.calls() if "docker" in call], ["start --no-block docker.service"])


if __name__ == "__main__":
    tap.main()
