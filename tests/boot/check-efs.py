"""`efs` and `packages` under a real systemd: Docker waits for the mounts and what they need; without a required one neither
Docker nor the agent starts, and both do when it comes late. What mounts and what installs are stand-ins."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import tap
from boot import boot
from efs_scene import scenario

SHOW = "systemctl show -p ActiveState -p Result -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic -p InactiveEnterTimestampMonotonic"

GOOD = scenario(broken=False, seconds=60, steps=(
    "cat /run/apt-get.calls", "cat /run/mount.efs.calls", "cat /etc/fstab",
    f"{SHOW} efs.mount", f"{SHOW} docker.service", f"{SHOW} 'mnt-not\\x2dneeded.mount'",
    "sleep 1; cat /run/ecs/efs-results.json", "cat /var/lib/ecs/bootstrap/packages.json", "cat /var/log/ecs/ecs-bootstrap.log",
    "systemctl show -p ExecMainExitTimestampMonotonic --value ecs-bootstrap"))
BAD = scenario(broken=True, seconds=15, steps_seconds=100, steps=(
    "systemctl is-active docker.service ecs.service; ls /var/run/docker.pid", "cat /run/ecs/efs-results.json",
    "journalctl -b --no-hostname -o cat -u docker.service -u ecs.service -u init.scope -n 200",
    "touch /run/mended; for i in $(seq 300); do systemctl -q is-active ecs && break; sleep 0.2; done; systemctl is-active docker ecs efs.mount; "
    "cat /run/ecs/efs-results.json",
    "rm /run/ecs/efs-mounts.json; printf '{\"version\": 1}' >/run/none; ecs-bootstrap config --user-data /run/none; grep -c efs /etc/fstab; "
    "findmnt /efs; ls -d /efs; systemctl is-active docker; ls /etc/systemd/system/docker.service.d /etc/systemd/system/ecs.service.d"))


def step(machine, number):
    return boot(machine).need()["steps"][number]["output"]


def stamps(text):
    return dict(line.split("=", 1) for line in text.splitlines())


def test_boot_comes_to_its_end_without_a_cycle():
    tap.check(boot(GOOD).need()["over"], "ecs.service did not become active")
    tap.equal(boot(GOOD).cycles(), [], "ordering cycles")


def test_helper_and_packages_are_installed_before_the_first_mount():
    apt, mounts = step(GOOD, 0).splitlines(), step(GOOD, 1).splitlines()
    tap.equal([line.split()[-1] for line in apt], ["update", "nfs-common", "hello"], "what apt-get was asked for")
    tap.check(float(apt[-1].split()[0]) < float(mounts[0].split()[0]), "something was mounted before that")
    tap.equal({name: one["state"] for name, one in json.loads(step(GOOD, 7))["packages"].items()}, {"nfs-common": "installed", "hello": "installed"})


def test_mount_helper_gets_the_options():
    tap.matches(step(GOOD, 1), r"^[0-9.]+ fs-0123456789abcdef0:/ /efs .*\btls\b", "calls of mount.efs")


def test_docker_waits_for_the_mounts():
    efs, docker, other = (stamps(step(GOOD, n)) for n in (3, 4, 5))
    tap.equal(efs["ActiveState"], "active", "efs.mount")
    began = int(docker["ExecMainStartTimestampMonotonic"])
    tap.check(int(efs["ActiveEnterTimestampMonotonic"]) < began, f"dockerd began before /efs was mounted: {efs} {docker}")
    first = float(step(GOOD, 1).splitlines()[0].split()[0]) - boot(GOOD).report["clock_offset"]
    tap.check(first * 1e6 < began, "dockerd began before the mounts did")


def test_config_does_not_wait_for_the_mounts():
    tap.check(0 < int(step(GOOD, 9)) < int(stamps(step(GOOD, 3))["ActiveEnterTimestampMonotonic"]), "ecs-bootstrap.service ended too late")


def test_one_that_is_not_required_holds_nothing_back():
    results = json.loads(step(GOOD, 6))
    tap.equal(results["/efs"], {"state": "mounted"})
    tap.equal(results["/mnt/not-needed"]["state"], "waiting")
    tap.contains(results["/mnt/not-needed"]["cause"], "the connection is refused", "cause")
    tap.matches(step(GOOD, 8), "mount 'fs-01234567' at '/mnt/not-needed': the connection is refused.*mount.nfs4: Connection refused; trying again")
    tap.equal(boot(GOOD).agent()["State"]["Status"], "running", "the agent")


def test_without_a_required_one_neither_docker_nor_the_agent_starts():
    tap.check(not boot(BAD).need()["over"], "ecs.service is active")
    tap.equal(boot(BAD).cycles(), [], "ordering cycles")
    tap.equal(step(BAD, 0).splitlines()[:2], ["inactive", "inactive"], "docker and ecs")
    tap.contains(step(BAD, 0), "No such file", "dockerd's pid")
    tap.contains(json.loads(step(BAD, 1))["/efs"]["cause"], "access is denied", "cause")


def test_both_start_when_it_comes_late():
    lines = step(BAD, 3).splitlines()
    tap.equal(lines[:3], ["active", "active", "active"], "docker, ecs and efs.mount")
    tap.equal(json.loads(lines[3])["/efs"]["state"], "mounted")


def test_all_of_it_goes_with_the_setting_and_docker_stays():
    out = step(BAD, 4)
    tap.matches(out, "applied setting 'efs'")
    lines = [line for line in out.splitlines() if not line.startswith("ecs-bootstrap: ")]
    tap.equal(lines[0], "0", "lines of fstab")
    tap.equal(lines[1], "active", "docker")
    tap.contains(out, "ls: cannot access '/efs': No such file or directory", "the folder")


def main():
    try:
        tap.main()
    except SystemExit as end:
        if end.code:
            for machine in (GOOD, BAD):
                for line in boot(machine).diagnostics()[-60:]:
                    tap.say(f"# {line}")
        raise


main()
