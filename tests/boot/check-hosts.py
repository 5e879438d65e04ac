"""Hosts that lack what we need, or do not let us write: one clear cause, nothing half-written, and all of it there once that is
mended."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import tap
from boot import Scenario, boot

USER_DATA = "user-data-ours.mime"
STATUS = "systemctl show -p ActiveState -p StatusText ecs.service; ecs-bootstrap status"
JOURNAL = "journalctl -q -b --no-hostname -o cat -u ecs -u ecs-bootstrap -u ecs-prepare -u ecs-after-user-data"
RUNS = "for i in $(seq 150); do systemctl -q is-active ecs && break; sleep 0.1; done; systemctl is-active ecs; docker inspect -f '{{.State.Status}}' ecs-agent"
BACK = "cp -a /away/. /; systemctl daemon-reload"

NO_DOCKER = Scenario(USER_DATA, seconds=8, steps_seconds=60, steps=(STATUS, JOURNAL, f"{BACK}; systemctl start docker; {RUNS}", JOURNAL), away=(
    "/usr/bin/docker*", "/usr/sbin/dockerd", "/etc/init.d/docker", "/etc/rc*.d/*docker", "/usr/lib/systemd/system/docker.*",
    "/usr/lib/systemd/system/containerd.service", "/etc/systemd/system/*/docker.*"))

# Docker itself goes without, and then makes no rules of its own. Nor does anything else here bring libnftables.
NO_IPTABLES = Scenario(USER_DATA, seconds=14, steps_seconds=60, away=("/usr/sbin/*tables*", "/etc/alternatives/*tables*"),
                       files=(("/etc/docker/daemon.json", '{"iptables": false}'),),
                       steps=(STATUS, JOURNAL, f"{BACK}; systemctl restart ecs; {RUNS}", "iptables-save -t nat | grep -c 51679"))

NO_CLOUD_INIT = Scenario(USER_DATA, seconds=30, steps=(STATUS, JOURNAL), away=(
    "/usr/bin/cloud-*", "/usr/lib/systemd/system/cloud-*", "/usr/lib/systemd/system-generators/cloud-init-generator", "/usr/lib/cloud-init", "/etc/cloud"))

# --- no place to write

TROUBLE = """[Unit]
DefaultDependencies=no
Before=ecs-bootstrap.service cloud-init-local.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/trouble
"""
READ_ONLY = "#!/bin/sh\nmount -o bind /etc /etc && mount -o remount,bind,ro /etc\n"
FULL = """#!/bin/sh
for d in /etc/ecs /etc/docker /var/lib/ecs /var/log/ecs /var/cache/ecs; do
	mkdir -p $d /run/kept && cp -a $d/. /run/kept/
	mount -t tmpfs -o size=8m,mode=0755 none $d && cp -a /run/kept/. $d/
	dd if=/dev/zero of=$d/filler bs=4k
	rm -rf /run/kept
done 2>/dev/null
true
"""
LEFT = ("find /etc/ecs /etc/docker /var/lib/ecs -type f ! -name filler -size +0; ls -d /etc/systemd/system/*/10-ecs-bootstrap* 2>/dev/null; "
        "cat /etc/ecs/ecs.config")
# the unit's own command, but not a minute later
SOON = ("/etc/systemd/system/ecs-after-user-data.service.d/soon.conf",
        "[Service]\nExecStart=\nExecStart=/usr/bin/ecs-bootstrap after-user-data --retry 4 systemctl start --no-block ecs.service\n")
BY_ITSELF = "for i in $(seq 150); do systemctl -q is-active ecs && break; sleep 0.2; done"
AGAIN = f"{BY_ITSELF}; {RUNS}; cat /etc/ecs/ecs.config; ls -A /etc/ecs /etc/docker; ecs-bootstrap status"


def trouble(script, mend):
    return Scenario(USER_DATA, seconds=15, steps_seconds=60, steps=(STATUS, JOURNAL, LEFT, f"{mend}; systemctl reset-failed docker; {AGAIN}"), files=(
        SOON, ("/usr/local/sbin/trouble", script), ("/etc/systemd/system/trouble.service", TROUBLE),
        ("/etc/systemd/system/sysinit.target.d/trouble.conf", "[Unit]\nWants=trouble.service\n")))


READ_ONLY_ETC = trouble(READ_ONLY, "mount -o remount,bind,rw /etc")
FULL_DISK = trouble(FULL, "rm -f /etc/ecs/filler /etc/docker/filler /var/*/ecs/filler")
ALL = (NO_DOCKER, NO_IPTABLES, NO_CLOUD_INIT, READ_ONLY_ETC, FULL_DISK)


def output(scenario, number):
    return boot(scenario).need()["steps"][number]["output"]


def test_no_docker_is_what_is_waited_for():
    cause = r"connect '/var/run/docker.sock': No such file or directory"
    text = output(NO_DOCKER, 0)
    tap.matches(text, rf"\AStatusText=Waiting for Docker: {cause}\nActiveState=activating\n|\AActiveState=activating\nStatusText=Waiting for Docker: {cause}\n")
    tap.matches(text, rf"^docker +waiting .*{cause}$", "status")
    tap.check(output(NO_DOCKER, 1).count("waiting for Docker") <= 2, f"said too often:\n{output(NO_DOCKER, 1)}")


def test_docker_that_appears_later():
    tap.equal(output(NO_DOCKER, 2).splitlines()[-2:], ["active", "running"], "ecs.service and the agent")
    tap.matches(output(NO_DOCKER, 3), r"^Docker answers after \d+ ms$", "journal")


def test_no_iptables_is_named_with_its_package_and_not_all_the_time():
    cause = r"find 'iptables-restore' \(package iptables\) or 'libnftables.so.1' \(package libnftables1\): neither is installed"
    tap.matches(output(NO_IPTABLES, 0), rf"^rules +failed .*{cause}$", "status")
    tap.matches(output(NO_IPTABLES, 0), "^StatusText=Preparing the host failed: apply rules: .*; trying again in 30 s$", "status of ecs.service")
    said = output(NO_IPTABLES, 1)
    tap.matches(said, f"^apply rules: {cause}$", "journal")
    tap.check(said.count("apply rules: find") <= 3, f"said too often:\n{said}")
    tap.lacks(said, "made", "journal")


def test_iptables_that_is_installed_later():
    tap.equal(output(NO_IPTABLES, 2).splitlines()[-2:], ["active", "running"], "ecs.service and the agent")
    tap.equal(output(NO_IPTABLES, 3).strip(), "2", "rules")


def test_without_cloud_init_nothing_waits():
    machine = boot(NO_CLOUD_INIT)
    tap.check(machine.need()["over"], "ecs.service did not become active")
    tap.equal((machine.report["failed"], machine.cycles()), ("", []), "failed units and ordering cycles")
    tap.matches(output(NO_CLOUD_INIT, 0), "^cloud-init +skipped .*it does not run on this boot$", "status")
    tap.lacks(output(NO_CLOUD_INIT, 1), "waiting for cloud-init", "journal")


@tap.each(read_only_etc=(READ_ONLY_ETC, "Read-only file system"), full_disk=(FULL_DISK, "No space left on device"))
def test_no_place_to_write(scenario, cause):
    told = f"write '/etc/ecs/ecs.config': {cause}"
    tap.check(not boot(scenario).need()["over"], "the agent started, into the cluster 'default'")
    tap.equal(boot(scenario).cycles(), [], "ordering cycles")
    tap.matches(output(scenario, 0), rf"^ecs.config +failed .*{told}$", "status")
    tap.matches(output(scenario, 0), "^cloud-init +waiting .*user data was not applied .*applied again in [0-9]+ s$", "status")
    tap.matches(output(scenario, 1), f"^{told}; '/etc/ecs/ecs.config' was left as it is$", "journal")
    tap.matches(output(scenario, 1), "^start agent: user data was not applied .*applying it again in 4 s", "journal")
    tap.equal(output(scenario, 2), "cat: /etc/ecs/ecs.config: No such file or directory\n", "what was written")


@tap.each(read_only_etc=READ_ONLY_ETC, full_disk=FULL_DISK)
def test_all_comes_by_itself_once_there_is_a_place(scenario):
    text = output(scenario, 3)
    tap.matches(text, r"^active\nrunning$", "ecs.service and the agent")
    tap.contains(text, "\nECS_CLUSTER=ours\n", "ecs.config")
    tap.matches(text, "^setting.docker +done", "status")
    tap.matches(text, r"^/etc/docker:\ndaemon\.json\n(key\.json\n|)\n/etc/ecs:\necs\.config\n(netconf\.conf\n|)proxy\.env\nSTEP", "files, and no temporary ones")


def main():
    try:
        tap.main()
    except SystemExit as end:
        if end.code:
            for scenario in ALL:
                for line in boot(scenario).diagnostics()[-40:]:
                    tap.say(f"# {line}")
        raise


main()
